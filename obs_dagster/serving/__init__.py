"""The serving side: a service writes the inference log that the nights read.

```python
from obs_dagster.serving import ASGIMiddleware, InferenceLog

log = InferenceLog("/var/log/models/churn", version="3")
app.add_middleware(ASGIMiddleware, log=log, paths=["/predict"])

prediction_id = log.record(features, score=score)
```

It needs nothing but Python; Parquet, spans and Prometheus' metrics need `pyarrow`, `opentelemetry-api` and
`prometheus_client`, which are imported if they are asked for. It imports no other part of this program, so a
service installs it with `pip install --no-deps obs-dagster`.

A request never waits for the log and never fails because of it. What cannot be kept is counted, by its
reason, and said in Python's own log.
"""

from obs_dagster.serving.asgi import ASGIMiddleware
from obs_dagster.serving.counts import Counts
from obs_dagster.serving.inference_log import InferenceLog
from obs_dagster.serving.wsgi import WSGIMiddleware

__all__ = ["ASGIMiddleware", "Counts", "InferenceLog", "WSGIMiddleware"]

"""The page that Prometheus scrapes, by a real one."""

import threading

import httpx
import pytest

from obs_dagster.errors import ObsError
from obs_dagster.exports.server import listen
from obs_dagster.settings import Settings
from tests.health import HOSTILE
from tests.servers import asked


def test_prometheus_scrapes_every_sample_with_its_labels(prometheus, filled):
    (series,) = asked(
        prometheus, 'obs_model_latency_p95_seconds{model="risk", version="1", segment!="*", instance!=""}'
    )
    assert series["metric"]["segment"] == HOSTILE
    assert float(series["value"][1]) == 0.095
    found = {
        (series["metric"]["__name__"], series["metric"].get("state"))
        for series in asked(prometheus, '{__name__=~"obs_.+", instance!=""}')
    }
    assert found == {(each.name, each.labels.get("state")) for each in filled.samples}


def test_a_store_that_cannot_be_read_is_down_and_not_empty(tmp_path):
    (tmp_path / "monitors").mkdir()
    (tmp_path / "history.db").write_bytes(b"no database at all, and long enough to be seen as such" * 20)
    settings = Settings(home=tmp_path, monitors=tmp_path / "monitors")
    with listen(settings, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        answer = httpx.get(server.url)
        elsewhere = httpx.get(server.url.replace("/metrics", "/"))
        server.shutdown()
        thread.join()
    assert (answer.status_code, elsewhere.status_code) == (503, 404)
    assert "history" in answer.text


def test_a_port_that_somebody_has_is_named():
    with listen(Settings(), "127.0.0.1", 0) as server, pytest.raises(ObsError, match="Nobody can listen"):
        listen(Settings(), "127.0.0.1", server.server_address[1])

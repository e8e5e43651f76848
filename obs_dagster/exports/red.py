"""Rate, errors and duration of a version on a day: the three numbers that services are watched by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from obs_dagster.exports.naming import gauge_of
from obs_dagster.exports.sample import Sample
from obs_dagster.metrics.registry import definition
from obs_dagster.monitor.whole import WHOLE

_SECONDS_A_DAY = 86_400


def triplets(samples: Iterable[Sample]) -> dict[tuple[str, str], dict[str, float]]:
    """By model and version: `rate` (predictions per second), `errors` (a share), `duration_p50`, … (seconds).

    What the log does not tell, as the status of predictions, is left out.
    """
    fields = {
        gauge_of(definition(metric)).name: name
        for metric, name in (
            ("volume", "rate"),
            ("error_share", "errors"),
            ("latency_p50", "duration_p50"),
            ("latency_p95", "duration_p95"),
            ("latency_p99", "duration_p99"),
        )
    }
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for each in samples:
        labels = each.labels
        if each.name in fields and labels.get("window") == "1" and labels.get("segment") == WHOLE:
            name = fields[each.name]
            value = each.value / _SECONDS_A_DAY if name == "rate" else each.value
            found[labels["model"], labels["version"]][name] = value
    return dict(found)

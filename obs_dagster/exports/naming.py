"""How a metric of the history is called outside: by its definition alone, with the base unit at the end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Literal

from obs_dagster.exports.sample import Gauge
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.registry import definitions

End = Literal["", "low", "high"]
"""The value, or an end of its interval."""

LABELS = ("model", "version", "segment", "column", "window")

_BASE = {"share": ("ratio", 1.0), "ms": ("seconds", 0.001)}
"""Units of the history that Prometheus has others for, and what a value is multiplied by."""
_PLAIN = ("rows", "columns", "classes", "requests", "nats")
_SUFFIXES = {"ratio": "_share", "requests": "_count"}
"""What a name need not say beside the unit; `_count` is for histograms."""

_ENDS: dict[End, str] = {
    "": "",
    "low": " Lower end of the 95 % interval.",
    "high": " Upper end of the 95 % interval.",
}


def unit_of(definition: Definition) -> tuple[str, float]:
    """The unit outside, empty for none, and what a value of the history is multiplied by."""
    return _BASE.get(definition.unit, (definition.unit if definition.unit in _PLAIN else "", 1.0))


def scale_of(metric: str) -> float:
    """What values and thresholds of a metric are multiplied by; 1 for one that is not known any more."""
    known = definitions().get(metric)
    return 1.0 if known is None else unit_of(known)[1]


@cache
def gauge_of(definition: Definition, end: End = "") -> Gauge:
    """What a metric's values are, or the ends of its intervals.

    >>> from obs_dagster.metrics.registry import definition
    >>> gauge_of(definition("latency_p95"), "high").name, gauge_of(definition("error_share")).name
    ('obs_model_latency_p95_high_seconds', 'obs_model_error_ratio')
    """
    unit, _ = unit_of(definition)
    name = definition.name.removesuffix(_SUFFIXES.get(unit, "\0"))
    # as names there may be; `psi.evidently` is Evidently's
    parts = ["obs_model", name.replace(".", "_"), end]
    if unit and (end or unit not in name.split("_")):
        parts.append(unit)
    told = f"{definition.title}. {definition.meaning.strip()}"
    return Gauge(
        "_".join(filter(None, parts)),
        f"{told}{_ENDS[end]}",
        LABELS,
        unit if unit and parts[-1] == unit else "",
    )


def metric_gauges() -> Iterator[Gauge]:
    """Every gauge of every registered metric."""
    for definition in definitions().values():
        for end in _ENDS:
            yield gauge_of(definition, end)

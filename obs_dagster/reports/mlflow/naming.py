"""What a metric record is called in MLflow.

`performance/7d/recall`, `variable_drift/7d/psi/temp`, `segments/7d/recall/origin.JFK`: the charts page of
MLflow makes a section of what stands before the last slash, so that the metrics of a family and a window are
side by side, and so are the columns of a drift metric and the segments of a performance metric. It sorts the
sections by name: the many charts of single columns are named to come after the few of the model as a whole.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable

from obs_dagster.metrics.record import BASELINE, MetricRecord
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.headline import needs_labels

SEGMENTS = "segments/"
"""Prefix of the names of metrics of segments; only the others are drawn as trends."""

SECTIONS = {"drift": "variable_drift", "explanation": "variable_importance"}
"""What the families about single columns are called."""

LONGEST = 250
"""Characters that MLflow allows in a name."""

_ILLEGAL = re.compile(r"[^A-Za-z0-9_. -]")
_DIGEST = 8


def metric_name(record: MetricRecord) -> str:
    """The record's name in MLflow; records of different subjects have different names."""
    subject = [_legal(record.column)] if record.column else []
    if record.segment == WHOLE:
        known = definitions().get(record.metric)
        named = "other" if known is None else known.family
        section = SECTIONS.get(named, named) if record.column else named
    else:
        section = SEGMENTS.rstrip("/")
        subject.append(_legal_segment(record.segment))
    window = "baseline" if record.window == BASELINE else f"{record.window}d"
    return _fitting("/".join([section, window, _legal(record.metric), *subject]))


def night_metrics(records: Iterable[MetricRecord], *, settled: bool) -> dict[str, float]:
    """The numbers of one version and day by name.

    Args:
        records: the current records.
        settled: whether the wait for the day's labels is over. Before that, what depends on labels is
            left out: MLflow cannot take a value back.
    """
    return {
        metric_name(record): float(record.value)
        for record in records
        if record.value is not None
        and math.isfinite(record.value)
        and (settled or not needs_labels(record.metric))
    }


def is_trend(name: str) -> bool:
    """Whether the metric of that name is drawn as a trend."""
    return not name.startswith(SEGMENTS)


def _legal(text: str) -> str:
    """The text in the characters that MLflow allows; if that loses something, with a digest of the text."""
    legal = _ILLEGAL.sub("_", text)
    if legal == text and legal.strip(". "):
        return legal
    return f"{legal.strip('. ')}-{_digest(text)}".lstrip("-")


def _legal_segment(segment: str) -> str:
    """`origin=JFK,carrier=AA` as `origin.JFK carrier.AA`, lossless unless it has dots or spaces."""
    legal = _legal(segment.replace("=", ".").replace(",", " "))
    return f"{legal}-{_digest(segment)}" if set(segment) & {".", " "} else legal


def _fitting(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - _DIGEST - 1]}-{_digest(name)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]

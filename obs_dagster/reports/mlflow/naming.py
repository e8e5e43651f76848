"""What a metric record is called in MLflow.

`performance/7d/recall`, `variable_drift/7d/psi/temp`: the charts page of MLflow makes a section of what
stands before the last slash, so that the metrics of a family and a window are side by side, and so are the
columns of a drift metric. It sorts the sections by name: the many charts of single columns are named to come
after the few of the model as a whole.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import definitions
from obs_dagster.verdict.headline import needs_labels

SECTIONS = {
    "drift": "variable_drift",
    "multivariate": "variables_together",
    "explanation": "variable_importance",
}
"""What the families about single columns are called."""

LONGEST = 250
"""Characters that MLflow allows in a name."""

_ILLEGAL = re.compile(r"[^A-Za-z0-9_. -]")
_DIGEST = 8


def metric_name(record: MetricRecord) -> str:
    """The name in MLflow of a record about all rows; different columns have different names."""
    known = definitions().get(record.metric)
    named = "other" if known is None else known.family
    section = SECTIONS.get(named, named) if record.column else named
    subject = [_legal(record.column)] if record.column else []
    return _fitting("/".join([section, f"{record.window}d", _legal(record.metric), *subject]))


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


def _legal(text: str) -> str:
    """The text in the characters that MLflow allows; if that loses something, with a digest of the text."""
    legal = _ILLEGAL.sub("_", text)
    if legal == text and legal.strip(". "):
        return legal
    return f"{legal.strip('. ')}-{_digest(text)}".lstrip("-")


def _fitting(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - _DIGEST - 1]}-{_digest(name)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]

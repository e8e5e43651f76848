"""Alert rules: a known metric that this monitor can compute, a window, and one threshold."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import windows
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Keys, Problem, quoted

NEEDS_LABELS = frozenset(
    {
        "true_positives",
        "false_positives",
        "true_negatives",
        "false_negatives",
        "precision",
        "recall",
        "f1",
        "accuracy",
        "roc_auc",
        "pr_auc",
        "log_loss",
        "brier",
        "calibration_error",
        "label_coverage",
        "positive_share",
    }
)
"""Metrics that compare the model with ground truth."""
_LATENCY: Keys = ("logs", "columns", "latency_ms")
_STATUS: Keys = ("logs", "columns", "status")
_NEEDS: dict[str, Keys] = {
    **dict.fromkeys(NEEDS_LABELS, ("labels",)),
    **dict.fromkeys(("latency_p50", "latency_p95", "latency_p99"), _LATENCY),
    "error_share": _STATUS,
}

_WHOLE_MODEL = frozenset({*_NEEDS, "predicted_positive_share", "volume", "duplicate_share"})


def rule_names_are_distinct(document: Document, _: Surroundings) -> Iterator[Problem]:
    """Every rule has a name of its own."""
    taken: dict[str, int] = {}
    for index in range(len(document.items("alerts"))):
        name = document.text("alerts", index, "name")
        if name is None:
            continue
        if name in taken:
            message = f"The rule alerts[{taken[name]}] already has the name {quoted(name)}."
            yield document.problem(("alerts", index, "name"), message)
        taken.setdefault(name, index)


def metrics_are_known(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """A rule's `metric` is one that docs/metrics.md lists."""
    for index in range(len(document.items("alerts"))):
        metric = document.text("alerts", index, "metric")
        if metric is not None and metric not in surroundings.metrics:
            message = f"{quoted(metric)} is not a known metric."
            keys = ("alerts", index, "metric")
            yield document.problem(keys, message, legal=sorted(surroundings.metrics), near=metric)


def metrics_have_their_input(document: Document, _: Surroundings) -> Iterator[Problem]:
    """Rules about performance need `labels`; about latency or errors, the log's column for it."""
    for index in range(len(document.items("alerts"))):
        metric = document.text("alerts", index, "metric")
        needed = _NEEDS.get(metric or "")
        if needed is None or document.value(*needed) is not None:
            continue
        if needed[:-1] and document.mapping(*needed[:-1]) is None:
            continue
        name = ".".join(str(key) for key in needed)
        message = f"The metric `{metric}` needs `{name}`, which this monitor does not have."
        yield document.problem(("alerts", index, "metric"), message)


def columns_fit_the_metric(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A rule about the model as a whole (performance, latency, errors, volume) has no `columns`."""
    for index in range(len(document.items("alerts"))):
        metric = document.text("alerts", index, "metric")
        if metric in _WHOLE_MODEL and document.value("alerts", index, "columns") is not None:
            message = f"The metric `{metric}` is about the model as a whole, so no column has it."
            yield document.problem(("alerts", index, "columns"), message, at_key=True)


def windows_are_evaluated(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A rule's `window` is one of the monitor's `windows`."""
    legal = windows(document)
    for index in range(len(document.items("alerts"))):
        window = document.value("alerts", index, "window")
        if type(window) is int and window >= 1 and legal and window not in legal:
            message = f"The window {window} is not one of the monitor's `windows`."
            yield document.problem(("alerts", index, "window"), message, legal=[str(days) for days in legal])


def rules_have_one_threshold(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A rule has exactly one of `above` and `below`."""
    for index in range(len(document.items("alerts"))):
        rule = document.mapping("alerts", index)
        if rule is None:
            continue
        given = [key for key in ("above", "below") if rule.get(key) is not None]
        if not given:
            yield document.problem(("alerts", index), "The rule needs a threshold: `above` or `below`.")
        elif len(given) > 1:
            message = "The rule has both `above` and `below`; make it two rules."
            yield document.problem(("alerts", index, "below"), message, at_key=True)

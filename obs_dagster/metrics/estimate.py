"""Metrics of quality before labels: each is defined by the metric that it estimates, and by how.

They are given what a task makes of predictions and of what the baseline's labels teach (`Estimating`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Protocol

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition, Place
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate

UNCHANGED = "It holds as long as the concept does: as long as a score means what it meant on the baseline."
"""The assumption behind every estimate, which is told where one is shown."""

ADAPTED = "adapted estimate"
"""What metrics are asked for with that look at rows: a rule that watches one has all of them computed."""

UNTAUGHT = "no labels on the baseline"
"""The reason of what cannot be estimated for want of labels that teach it."""


class Estimating(Protocol):
    """What the metrics of the family are computed from."""

    def estimated(self, name: str) -> Estimate:
        """What a metric is expected to be once labels are there."""

    def shift(self, name: str) -> Estimate:
        """What the metric is on the labels that are there, less what was expected of the same rows."""


def estimated(
    of: Definition,
    *,
    way: str,
    formula: str,
    reference: str,
    interval: str,
    watched: tuple[DefaultRule, ...] = (),
) -> Metric[Any]:
    """The metric that says another one before labels do.

    Args:
        of: the other one; what people read of it they read of this.
        way: how it is estimated, for the definition's id.
        formula: how it is computed.
        reference: what gives the same number.
        interval: how its interval is made.
        watched: its default rules.
    """
    name = of.name
    definition = replace(
        of,
        name=f"estimated_{name}",
        id=f"estimated_{name}/{way}/1",
        family="estimate",
        title=f"{of.title} (estimated)",
        meaning=f"{of.title} of all predictions, as it is expected to be once their labels are there. "
        f"{UNCHANGED}",
        formula=formula,
        reference=reference,
        interval=interval,
        counts={"positives": "expected positives"}.get(of.counts, of.counts),
        needs=_needs(of),
        noun=f"estimated {of.in_a_sentence}",
        shown=of.shown & frozenset[Place]({"summary"}),
        heading="",
        watched=watched,
        estimates=name,
    )
    return Metric(definition, lambda given: given.estimated(name), _estimating)


def shifted(of: Definition, *, way: str, watched: tuple[DefaultRule, ...] = ()) -> Metric[Any]:
    """The metric that says how far another one is from what was expected of it."""
    name = of.name
    definition = replace(
        of,
        name=f"{name}_shift",
        id=f"{name}_shift/{way}/1",
        family="estimate",
        title=f"{of.title}, measured minus estimated",
        meaning=f"How far {of.in_a_sentence} of the labelled rows is from what was expected of them: what "
        "the concept did to it, for the estimate holds all else.",
        formula=f"{name} - estimated_{name}, both over the labelled rows.",
        reference="the difference of the two.",
        interval="of the estimate, laid around the difference: 0 is in it where the concept may be unchanged",
        needs=("labels", *_needs(of)),
        better=None,
        cells="none",
        noun=f"shift of {of.in_a_sentence}",
        shown=frozenset(),
        heading="",
        from_zero=False,
        watched=watched,
    )
    return Metric(definition, lambda given: given.shift(name), _shifting)


def adapted(of: Definition, *, way: str, formula: str, reference: str, interval: str) -> Metric[Any]:
    """The metric that says another one before labels do, by rows of the baseline like those of now.

    Args:
        of: the other one.
        way: how it is estimated, for the definition's id.
        formula: how it is computed.
        reference: what gives the same number, or what it is taken from.
        interval: how its interval is made.
    """
    name = of.name
    definition = replace(
        of,
        name=f"adapted_{name}",
        id=f"adapted_{name}/{way}/1",
        family="estimate",
        title=f"{of.title} (adapted estimate)",
        meaning=f"{of.title} of all predictions, as it is expected to be once their labels are there, by "
        "rows of the baseline with features like those of the window. It holds where features say of a "
        "label what they said on the baseline, though scores do not. `adapted_rows` says what it rests on.",
        formula=formula,
        reference=reference,
        interval=interval,
        counts={"positives": "expected positives"}.get(of.counts, of.counts),
        needs=_needs(of),
        cells="none",
        noun=f"adapted estimate of {of.in_a_sentence}",
        shown=frozenset(),
        heading="",
        watched=(),
        asked_with=ADAPTED,
        adapts=name,
    )
    return Metric(definition, lambda given: given.estimated(name), _estimating)


def adapted_rows(of: Definition) -> Metric[Any]:
    """The metric that says what adapted estimates rest on, of models that have the other one."""
    definition = Definition(
        name="adapted_rows",
        id="adapted_rows/kish/1",
        family="estimate",
        title="Rows that the adapted estimate rests on",
        meaning="What labelled rows of the baseline are worth that are weighted to have the features of the "
        "window: as many as there are where nothing has moved, few where the window is somewhere else. Below "
        "300 nothing is adapted.",
        formula="(Σ w)² / Σ w², w: the odds that a domain classifier gives a row of the baseline of being of "
        "the window; `domain_auc` has the classifier.",
        reference="Kish, Survey Sampling (1965), the effective size of a weighted sample.",
        interval="none",
        unit="rows",
        better="higher",
        counts="rows of the baseline",
        tasks=of.tasks,
        needs=_needs(of),
        cells="none",
        noun="rows behind adapted estimates",
        asked_with=ADAPTED,
    )
    return Metric(definition, _worth, lambda given: hasattr(given, "worth"))


def _worth(given: Any) -> Estimate:
    rows = len(given.weights)
    # what is apart has weights that are all alike, for none of the rows is like those of now
    return Estimate.missing(given.apart, rows) if given.apart else Estimate(given.worth, None, None, rows)


def completed(of: Definition, *, way: str, formula: str) -> Metric[Any]:
    """The metric that says what another one will be once the labels of its window are complete."""
    name = of.name
    definition = replace(
        of,
        name=f"completed_{name}",
        id=f"completed_{name}/{way}/1",
        family="estimate",
        title=f"{of.title} (completed)",
        meaning=f"{of.title} as it is expected to be once the labels of the window are complete: by those "
        "that are in, and by what rows were like whose label came as late. Only of windows that lack labels.",
        formula=formula,
        reference="the sum over the rows that have a label, and the expected one over those that lack it; "
        "the latter as before labels, learned of the latest 56 days whose labels are complete.",
        interval="of what the missing labels may turn out to be, by resampled days and with the level of "
        "days; where fewer than 10 days are complete, the reason has the bounds of what they may make of it",
        needs=("labels.columns.known_at", *(need for need in of.needs if need != "labels")),
        noun=f"completed {of.in_a_sentence}",
        shown=frozenset(),
        heading="",
        watched=(),
        completes=name,
    )
    applies = _completing_costs if "costs" in of.needs else _completing
    return Metric(definition, lambda given: given.completed(name), applies)


def _needs(of: Definition) -> tuple[str, ...]:
    # labels of the baseline are enough, those of the day decide nothing
    return tuple("labels.columns.label" if need == "labels" else need for need in of.needs)


def by_name(metrics: tuple[Metric[Any], ...], names: Collection[str]) -> tuple[Definition, ...]:
    """The definitions of those of some metrics that have one of the names."""
    return tuple(each.definition for each in metrics if each.name in names)


def _estimating(given: Any) -> bool:
    return hasattr(given, "estimated")


def _shifting(given: Any) -> bool:
    return hasattr(given, "shift")


def _completing(given: Any) -> bool:
    return hasattr(given, "completed")


def _completing_costs(given: Any) -> bool:
    return _completing(given) and given.priced

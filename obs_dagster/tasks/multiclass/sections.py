"""What people see of a multiclass model: its confusion matrix, worst classes and most confused pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from obs_dagster.figures import MINUS, decimal, percent
from obs_dagster.metrics.intervals import Interval, wilson
from obs_dagster.monitor.multiclass import OTHER_CLASS
from obs_dagster.tasks.multiclass.confused_pairs import ConfusedPair, most_confused
from obs_dagster.tasks.multiclass.counts import ClassOutcomes
from obs_dagster.tasks.multiclass.metrics.averages import f1_interval
from obs_dagster.tasks.sections import Listing, Matrix, Section

#: Classes of a matrix that a reader can still take in, and rows of a listing.
_SHOWN, _LISTED = 20, 10


def sections(outcomes: ClassOutcomes, baseline: ClassOutcomes | None) -> tuple[Section, ...]:
    """The sections of one version, the pairs with their change against the baseline."""
    return confusion(outcomes), worst_classes(outcomes), confused(outcomes, baseline)


def confusion(outcomes: ClassOutcomes) -> Matrix:
    """The confusion matrix, of many classes those that most of the mistakes are about."""
    names = np.array([*outcomes.classes, OTHER_CLASS], dtype=object)
    counts = outcomes.confusion
    wrong = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    known = np.flatnonzero((counts.sum(axis=0) + counts.sum(axis=1)) > 0)
    chosen = np.sort(known[np.argsort(-wrong[known], kind="stable")[:_SHOWN]])
    note = "each row by its labels; the diagonal is right"
    if len(chosen) < len(known):
        within = int(counts[np.ix_(chosen, chosen)].sum())
        note = (
            f"the {len(chosen)} of {len(known)} classes with the most mistakes, "
            f"{percent(within / outcomes.n)} of the rows; {note}"
        )
    return Matrix(
        "Confusion matrix",
        "label",
        "prediction",
        names[chosen].tolist(),
        names[chosen].tolist(),
        counts[np.ix_(chosen, chosen)].tolist(),
        note=note,
    )


def worst_classes(outcomes: ClassOutcomes) -> Listing:
    """The classes with labels whose F1 is surely lowest, the worst first."""
    rows = []
    for place in outcomes.occurring.tolist():
        hits, labels, predicted = (
            int(counts[place]) for counts in (outcomes.hits, outcomes.labels, outcomes.predicted)
        )
        interval = f1_interval(hits, labels, predicted)
        precision = _share(hits, predicted) if predicted else "never predicted"
        f1 = f"{decimal(2 * hits / (labels + predicted))} {_between(interval)}"
        text = (outcomes.classes[place], f"{labels:,}", _share(hits, labels), precision, f1)
        rows.append((interval[1], text))
    silent = len(outcomes.classes) - len(outcomes.occurring)
    told = f"; {silent} declared class{'es' * (silent != 1)} without labels" if silent and outcomes.n else ""
    return Listing(
        "Worst classes",
        ("Class", "Labels", "Recall", "Precision", "F1"),
        [text for _, text in sorted(rows)[:_LISTED]],
        numeric=frozenset({1, 2, 3, 4}),
        note=f"by the upper end of F1's interval{told}",
    )


def confused(outcomes: ClassOutcomes, baseline: ClassOutcomes | None) -> Listing:
    """The pairs of classes with the most mistakes."""
    known = baseline if baseline is not None and baseline.n else None
    compared = ("Baseline", "Change") if known else ()
    return Listing(
        "Most confused pairs",
        ("Label", "Predicted", "Rows", "Share of the label", *compared),
        [_pair(pair, compared=bool(known)) for pair in most_confused(outcomes, known, most=_LISTED)],
        numeric=frozenset(range(2, 4 + len(compared))),
        empty="No mistakes." if outcomes.n else "No labels yet.",
    )


def _pair(pair: ConfusedPair, *, compared: bool) -> Sequence[str]:
    share = f"{percent(pair.share)} {_percents(pair.interval)}"
    told = (pair.label, pair.predicted, f"{pair.rows:,}", share)
    if not compared:
        return told
    if pair.baseline is None or pair.change is None or pair.change_interval is None:
        return (*told, "no labels", "")
    sure = pair.change_interval[0] > 0 or pair.change_interval[1] < 0
    change = f"{'+' if pair.change >= 0 else MINUS}{100 * abs(pair.change):.1f} points"
    return (*told, percent(pair.baseline), change if sure else f"{change} (may be chance)")


def _share(part: int, whole: int) -> str:
    return f"{percent(part / whole)} {_percents(wilson(part, whole))}"


def _percents(interval: Interval) -> str:
    return f"[{percent(interval[0])}, {percent(interval[1])}]"


def _between(interval: Interval) -> str:
    return f"[{decimal(interval[0])}, {decimal(interval[1])}]"

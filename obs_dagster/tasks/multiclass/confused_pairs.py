"""The pairs of classes that the model confuses most, and how that has changed against the baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.intervals import Interval, newcombe, wilson
from obs_dagster.monitor.multiclass import OTHER_CLASS
from obs_dagster.profile.distribution import IntArray
from obs_dagster.tasks.multiclass.counts import ClassOutcomes


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """Rows of one class that were predicted as another.

    Attributes:
        label: the true class.
        predicted: the class that was predicted.
        rows: how many there are.
        share: of the rows of the label.
        interval: 95 % Wilson interval of the share.
        baseline: the share in the baseline; None without a baseline that has such labels.
        change: the share less that of the baseline; None likewise.
        change_interval: 95 % interval of it (Newcombe 1998, method 10).
    """

    label: str
    predicted: str
    rows: int
    share: float
    interval: Interval
    baseline: float | None = None
    change: float | None = None
    change_interval: Interval | None = None


def most_confused(
    outcomes: ClassOutcomes, baseline: ClassOutcomes | None = None, *, most: int = 10
) -> tuple[ConfusedPair, ...]:
    """The pairs of different classes with the most rows, the most frequent first.

    Args:
        outcomes: of the window.
        baseline: what they are compared with, of the same classes.
        most: how many pairs there are at most.
    """
    wrong = outcomes.confusion.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = np.stack(np.unravel_index(order, wrong.shape), axis=1)
    names = (*outcomes.classes, OTHER_CLASS)
    before = None if baseline is None else baseline.confusion
    return tuple(
        _pair(names[label], names[predicted], (label, predicted), outcomes.confusion, before)
        for label, predicted in pairs.tolist()
        if wrong[label, predicted]
    )


def _pair(
    label: str, predicted: str, cell: tuple[int, int], confusion: IntArray, before: IntArray | None
) -> ConfusedPair:
    rows, n = int(confusion[cell]), int(confusion[cell[0]].sum())
    pair = ConfusedPair(label, predicted, rows, rows / n, wilson(rows, n))
    if before is None or not before[cell[0]].sum():
        return pair
    old, old_n = int(before[cell]), int(before[cell[0]].sum())
    return ConfusedPair(
        label,
        predicted,
        rows,
        pair.share,
        pair.interval,
        baseline=old / old_n,
        change=pair.share - old / old_n,
        change_interval=newcombe(rows, n, old, old_n),
    )

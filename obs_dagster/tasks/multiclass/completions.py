"""What the outcomes of several classes will be once their labels are complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.estimate.calibration import Calibration
from obs_dagster.estimate.completed import Arrivals, LateScores
from obs_dagster.estimate.completed_classes import CompletedClasses, KnownLabels
from obs_dagster.estimate.expected import DETAIL, IN_CELLS
from obs_dagster.estimate.late_classes import LateClass, OneOfClasses
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.multiclass import OTHER_CLASS
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.tasks.costs import COST
from obs_dagster.tasks.multiclass.counts import ClassOutcomes
from obs_dagster.tasks.multiclass.parts import Columns, centres, of_class, part_of
from obs_dagster.tasks.multiclass.table import SUMS
from obs_dagster.tasks.outcomes import Cell, Expecting, Lacking


@dataclass(frozen=True)
class ClassesCompleted:
    """What is expected of a cell once its labels are complete.

    Attributes:
        whole: its predictions.
        prices: of a wrong row of each class, shape (K,).
        other: what labelled rows cost that have a class which is not declared.
    """

    whole: CompletedClasses
    prices: FloatArray
    other: float = 0.0

    @cached_property
    def n(self) -> int:
        """Labelled rows."""
        return self.whole.n

    def completed(self, name: str) -> Estimate:
        """What a metric will be."""
        return self.whole.cost(self.prices, self.other) if name == COST else self.whole.completed(name)

    @property
    def priced(self) -> bool:
        """Whether a row of any class has a price."""
        return bool((self.prices > 0).any())


def lacks(cell: Cell) -> bool:
    """Whether rows with scores have no label."""
    return bool(((cell["part"] == "served") & (cell["place"].astype(np.float64) == 0)).any())


def late(parts: Sequence[Cell], classes: Sequence[str], seed: int) -> dict[str, LateClass]:
    """By class, what rows were like that had no label yet at an age, by complete day."""
    served, scored = ([part_of(part, name) for part in parts] for name in ("served", "score"))
    pairs = [part_of(part, "pair") for part in parts]
    found = {}
    for number, name in enumerate(classes):
        each = [of_class(part, name) for part in served]
        bins = np.unique(np.concatenate([[0], *(part["bin"] for part in each)]).astype(np.int64))
        shape = (len(parts), len(bins))
        rows = np.array([_labelled(part, bins) for part in each]).reshape(len(parts), 2, len(bins), 2)
        own = np.array([_own(of_class(part, name), bins) for part in scored]).reshape(shape)
        score, known = centres(bins, WHOLE), rows[:, 1].sum(axis=-1)
        meaning = Calibration(score, positives=own, negatives=known - own, seed=seed + number)
        arrivals = Arrivals.of(score, known.sum(axis=0), rows[:, 0].sum(axis=(0, -1)))
        told = np.zeros((len(parts), 2))
        if known.any():
            told = np.einsum("dkw,k->dw", rows[:, 1], meaning.chances(score))
        right = np.array([_right(part, name) for part in pairs])
        real = np.stack([own.sum(axis=1) - right, right], axis=-1) if len(parts) else told
        found[name] = LateClass(LateScores(meaning, arrivals), np.maximum(real, 0.0), told)
    return found


def completed(
    cell: Cell, outcomes: ClassOutcomes, lacking: Sequence[Lacking], given: Expecting
) -> ClassesCompleted:
    """What is expected of a cell whose labels are not complete, and say these outcomes."""
    served, scored = part_of(cell, "served"), part_of(cell, "score")
    short = [(part_of(each.counted, "served"), each.late) for each in lacking]
    each = []
    for name in outcomes.classes:
        part = of_class(served, name)
        bins = np.unique(part["bin"].astype(np.int64))
        lack = [(_labelled(of_class(rows, name), bins)[0], known[name]) for rows, known in short]
        rows, own = _labelled(part, bins)[1], _own(of_class(scored, name), bins)
        each.append(OneOfClasses(centres(bins, given.segment), rows, own, lack))
    detail = DETAIL if given.segment == WHOLE else IN_CELLS
    whole = CompletedClasses(outcomes.classes, each, _known(outcomes), given.seed, detail)
    prices = np.array([outcomes.costs.of_class(name) for name in outcomes.classes])
    return ClassesCompleted(whole, prices, float(outcomes.labels[-1]) * outcomes.costs.of_class(OTHER_CLASS))


def _known(outcomes: ClassOutcomes) -> KnownLabels:
    log_loss, brier = (
        float(outcomes.top.sums[SUMS.index(name)].sum()) for name in ("log_loss_sum", "brier_sum")
    )
    return KnownLabels(
        float(outcomes.n),
        predicted=outcomes.predicted[:-1].astype(np.float64),
        right=outcomes.hits.astype(np.float64),
        labels=outcomes.labels[:-1].astype(np.float64),
        scored=float(outcomes.top.n),
        log_loss=log_loss,
        brier=brier,
    )


def _labelled(part: Columns, bins: IntArray) -> FloatArray:
    """Rows without and with a label by the score of a class and whether it was predicted, shape (2, k, 2)."""
    at = np.searchsorted(bins, part["bin"].astype(np.int64))
    where = (part["place"].astype(np.int64) * len(bins) + at) * 2 + part["hit"].astype(np.int64)
    counted = np.bincount(where, weights=part["n"].astype(np.float64), minlength=4 * len(bins))
    return np.reshape(counted.astype(np.float64), (2, len(bins), 2))


def _own(part: Columns, bins: IntArray) -> FloatArray:
    """Labelled rows of a class by the bins of its score, shape (k,)."""
    having = part["hit"].astype(np.bool_)
    at = np.searchsorted(bins, part["bin"][having].astype(np.int64))
    counted = np.bincount(at, weights=part["n"][having].astype(np.float64), minlength=len(bins))
    return counted.astype(np.float64)


def _right(pairs: Columns, name: str) -> float:
    """Rows for which a class was rightly predicted."""
    return float(pairs["n"][(pairs["label"] == name) & (pairs["class"] == name)].sum())

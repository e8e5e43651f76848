"""What the quality of a model of several classes will be once the labels of a window are complete.

Labels that are in count as they are: in the confusion matrix, and in the sums of losses. Of rows that lack
one, each class is told by its own score against the rest, as rows were that had none at that age either.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from obs_dagster.estimate.calibration import REPLICATES
from obs_dagster.estimate.class_agreement import kappa, mcc
from obs_dagster.estimate.completed import NEGLIGIBLE, too_few_days
from obs_dagster.estimate.draws import binomials, estimate_around, unsharpened
from obs_dagster.estimate.expected import DETAIL, level_of_days, levelled
from obs_dagster.estimate.expected_classes import STATISTICS, ClassCounts, Statistic, counts_of, of_one_label
from obs_dagster.estimate.late_classes import OneOfClasses
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.profile.distribution import FloatArray


@dataclass(frozen=True)
class KnownLabels:
    """What the labels that are in say exactly.

    Attributes:
        n: labelled rows that a class was predicted for.
        predicted, right, labels: of each class, as in `ClassCounts`, shape (K,).
        scored: labelled rows with scores.
        log_loss, brier: the sums of the losses over these.
    """

    n: float
    predicted: FloatArray
    right: FloatArray
    labels: FloatArray
    scored: float
    log_loss: float
    brier: float


COMPLETED: Mapping[str, Statistic] = {
    **STATISTICS,
    "balanced_accuracy": STATISTICS["macro_recall"],
    "cohen_kappa": kappa,
    "mcc": mcc,
}
"""By the name of the metric that is completed."""

_LOWEST = {"cohen_kappa": -1.0, "mcc": -1.0}
_HIGHEST = {"log_loss": math.inf, "brier": 2.0}
OF_SCORES = frozenset(name for name in COMPLETED if name.endswith(("log_loss", "brier", "roc_auc")))
"""Those of scores; the others are of what was predicted."""


@dataclass(frozen=True)
class CompletedClasses:
    """Predictions of K classes in a window, of which some have labels.

    Attributes:
        names: of the classes.
        each: of each class, the rows by its score.
        known: what the labels that are in say.
        seed: a non-negative integer; the same counts and seed give the same interval.
        detail: how many bins draws are made of at most.
    """

    names: Sequence[str]
    each: Sequence[OneOfClasses]
    known: KnownLabels
    seed: int = 0
    detail: int = DETAIL

    @cached_property
    def n(self) -> int:
        """Labelled rows."""
        return int(self.known.n)

    @cached_property
    def _coming(self) -> float:
        """The rows that will get a label; by the score of any class they are about as many."""
        counted = [float(one.coming.sum()) for one in self.each]
        return sum(counted) / len(counted) if counted else 0.0

    @cached_property
    def _whole(self) -> float:
        return self.known.n + self._coming

    @cached_property
    def refused(self) -> str:
        """Why nothing can be said of the missing labels; empty if something can."""
        if self._whole <= 0:
            return self._few_days or NO_ROWS
        if self._few_days:
            return self._few_days
        for name, one in zip(self.names, self.each, strict=True):
            for lack, coming in zip(one.lack, one.coming, strict=True):
                # of a class that never came late nothing is expected, wherever its scores are
                never = lack.late.meaning.rows.any() and not lack.late.meaning.positives.any()
                if coming.sum() <= NEGLIGIBLE * self._whole or never:
                    continue
                if reason := lack.unlike(one.score):
                    return f"{reason} (class {name})"
        return ""

    @cached_property
    def _few_days(self) -> str:
        # without complete days nobody knows how many labels will come
        days = (len(late.real) for one in self.each[:1] for _, late in one.lacks)
        return next((few for each in days if (few := too_few_days(each))), "")

    def completed(self, name: str) -> Estimate:
        """A statistic as it is expected to be once all labels are in; the interval holds what it may be.

        Where late labels are not known well enough, the reason has the bounds of accuracy whatever they are.
        """
        n = round(self._whole)
        if self.refused:
            return Estimate.missing(f"{self.refused}{self._bounds(name)}", n)
        return self._of(
            COMPLETED[name],
            1 if name in OF_SCORES else 0,
            lowest=_LOWEST.get(name, 0.0),
            highest=_HIGHEST.get(name, 1.0),
        )

    def cost(self, prices: FloatArray, other: float) -> Estimate:
        """What wrong rows will cost per row.

        Args:
            prices: of a row of each class, shape (K,).
            other: what labelled rows cost that have a class which is not declared.
        """
        if self.refused:
            return Estimate.missing(self.refused, round(self._whole))

        def per_row(given: ClassCounts) -> FloatArray:
            found: FloatArray = (((given.labels - given.right) * prices).sum(axis=-1) + other) / given.n
            return found

        return self._of(per_row, 0, highest=math.inf)

    def _of(self, statistic: Statistic, place: int, *, lowest: float = 0.0, highest: float = 1.0) -> Estimate:
        """A statistic of what was predicted, or of scores (the place 1)."""
        n, value = round(self._whole), float(statistic(self._expected[place]))
        if not math.isfinite(value):
            return Estimate.missing("no rows that it is a share of are expected", n)
        drawn, middle = (statistic(each[place]) for each in self._drawn)
        if place:
            value = min(highest, max(lowest, unsharpened(value, drawn, float(middle))))
        return estimate_around(value, drawn, float(middle), n, lowest=lowest, highest=highest)

    @cached_property
    def _expected(self) -> tuple[ClassCounts, ClassCounts]:
        late = [
            sum(
                (one.coming[day] * one.chances(day) for day in range(len(one.lacks))), np.zeros_like(one.rows)
            )
            for one in self.each
        ]
        return self._joined(list(self.each), [one.coming.sum(axis=0) for one in self.each], late)

    @cached_property
    def _drawn(self) -> tuple[tuple[ClassCounts, ClassCounts], tuple[ClassCounts, ClassCounts]]:
        """Draws of the labels to come, and what is expected, both on few bins."""
        parts = [self._draws(place, one) for place, one in enumerate(self.each)]
        few, came, own, coming, centre = (list(each) for each in zip(*parts, strict=True))
        drawn = of_one_label(own, centre, self._coming)
        return self._joined(few, came, drawn), self._joined(few, coming, centre)

    def _draws(
        self, place: int, one: OneOfClasses
    ) -> tuple[OneOfClasses, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Of one class on few bins: its rows; draws of those coming, and of its labels; what is expected."""
        few = one.joined(self.detail)
        rng = np.random.default_rng((self.seed, 11, place))
        came, own = (np.zeros((REPLICATES, *few.rows.shape)) for _ in range(2))
        coming, centre = few.coming.sum(axis=0), np.zeros(few.rows.shape)
        for day, (rows, late) in enumerate(few.lacks):
            meaning = late.scores.meaning
            if not few.coming[day].any() or not meaning.positives.any():
                came += few.coming[day]
                continue
            # days next to each other are alike: all of them have the same draw of a level
            same = np.random.default_rng((self.seed, 12, place))
            chances = levelled(meaning.replicates(few.score), level_of_days(meaning, 1, same))
            arriving = late.scores.arrivals.of_rows(few.score)
            more = _drawn_of(rng, rows, arriving, chances, late.factors(same))
            came, own = came + more[0], own + more[1]
            centre += few.coming[day] * few.chances(day)
        # which rows get a label is chance; how many do by what was predicted is taken for known
        total = came.sum(axis=1, keepdims=True)
        scale = np.divide(coming.sum(axis=0), total, out=np.ones_like(total), where=total > 0)
        return few, came * scale, own * scale, coming, centre

    def _joined(
        self, each: Sequence[OneOfClasses], coming: Sequence[FloatArray], late: Sequence[FloatArray]
    ) -> tuple[ClassCounts, ClassCounts]:
        """What is known with what comes: as decisions are counted, and as scores are.

        Args:
            each: the rows of each class.
            coming: those that will get a label, shape (..., k, 2).
            late: how many of these will have the class for it, likewise.
        """
        known = self.known
        own = [np.stack([one.own, np.zeros_like(one.own)], axis=-1) for one in each]
        scores = [one.score for one in each]
        counts = counts_of(
            scores,
            [one.rows + more for one, more in zip(each, coming, strict=True)],
            [more + labelled for more, labelled in zip(late, own, strict=True)],
        )
        # what is known exactly goes in the place of what the bins say of it
        binned = counts_of(scores, [one.rows for one in each], own)
        off = [
            (exact - float(part.sum())) / len(each)
            for exact, part in ((known.log_loss, binned.log_loss), (known.brier, binned.brier))
        ]
        scored = replace(
            counts,
            n=known.scored + self._coming,
            log_loss=counts.log_loss + off[0],
            brier=counts.brier + off[1],
        )
        decided = replace(
            counts,
            n=self._whole,
            predicted=known.predicted + np.stack([more[..., 1].sum(axis=-1) for more in coming], axis=-1),
            right=known.right + np.stack([more[..., 1].sum(axis=-1) for more in late], axis=-1),
            labels=known.labels + np.stack([more.sum(axis=(-2, -1)) for more in late], axis=-1),
        )
        return decided, scored

    def _bounds(self, name: str) -> str:
        """Between what accuracy will be, whatever the missing labels are."""
        lacking = sum(float(rows.sum()) for one in self.each[:1] for rows, _ in one.lacks)
        whole, right = self.known.n + lacking, float(self.known.right.sum())
        if name != "accuracy" or not whole:
            return ""
        served = sum(float(rows[:, 1].sum()) for one in self.each for rows, _ in one.lacks)
        return f"; between {right / whole:.3g} and {(right + served) / whole:.3g}, whatever they are"


def _drawn_of(
    rng: np.random.Generator,
    rows: FloatArray,
    arriving: FloatArray,
    chances: FloatArray,
    factors: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Rows drawn that get a label, and those of them that have the class for it, shape (REPLICATES, k, 2).

    Args:
        rng: draws them.
        rows: without and with the class predicted, shape (k, 2).
        arriving: the share that gets a label, shape (k,).
        chances: that a label is of the class, shape (REPLICATES, k).
        factors: how much likelier that is, without and with the class predicted, shape (REPLICATES, 2).
    """
    came, own = (np.zeros((len(chances), *rows.shape)) for _ in range(2))
    for way in (0, 1):
        at = np.flatnonzero(rows[:, way])
        likely = np.minimum(chances[:, at] * factors[:, way, np.newaxis], 1.0)
        of_class = arriving[at] * likely
        yes = binomials(rng, rows[at, way], of_class)
        left = np.maximum(1.0 - of_class, 1e-12)
        no = binomials(rng, rows[at, way] - yes, np.minimum(arriving[at] * (1.0 - likely) / left, 1.0))
        own[:, at, way], came[:, at, way] = yes, yes + no
    return came, own

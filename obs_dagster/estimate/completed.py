"""What a window's quality will be once its labels are complete: those that are in, and those to come.

Labels that come late are not like those that came early. What rows were like that had no label yet at an age
is known from days whose labels are complete; a day of that age that lacks some is taken to be like these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from obs_dagster.estimate.calibration import LEAST_DAYS, NEAR, REPLICATES, Calibration
from obs_dagster.estimate.draws import by_decision, estimate_around, unsharpened
from obs_dagster.estimate.expected import DETAIL, level_of_days, levelled
from obs_dagster.estimate.predicted import STATISTICS, Labelled, Predicted, Statistic, grouped
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.profile.distribution import FloatArray

NEGLIGIBLE = 1e-3
"""The share of a window's labels that may be awaited without anybody knowing what they will be."""

LEAST_LATE = 100
"""Labels that must have come as late."""

_MOST_GROUPS, _LEAST_IN_GROUP = 20, 100
"""Groups of rows in which labels are told to come or not, and the rows that each must have."""

_BOUNDED = ("recall", "precision", "f1", "accuracy", "positive_share")
"""Statistics of decisions, which are extreme where all missing labels are."""


def too_few_days(days: int) -> str:
    """Why too few complete days teach nothing of late labels; empty if there are enough."""
    if days >= LEAST_DAYS:
        return ""
    return (
        f"labels are complete on {days} days, where {LEAST_DAYS} are needed to know what late ones are like"
    )


@dataclass(frozen=True)
class Arrivals:
    """How many of the rows that had no label at an age got one at all, by where they lie.

    Attributes:
        at: the middle of each group of rows, ascending, shape (g,).
        share: of the rows of each, likewise.
    """

    at: FloatArray
    share: FloatArray

    @classmethod
    def of(cls, place: FloatArray, came: FloatArray, never: FloatArray) -> Self:
        """From rows whose label came later and those that never had one, by value, ascending; shape (k,)."""
        having = came + never > 0
        place, came, rows = place[having], came[having], (came + never)[having]
        if not len(rows):
            return cls(np.zeros(1), np.zeros(1))
        first = grouped(rows, int(np.clip(rows.sum() // _LEAST_IN_GROUP, 1, _MOST_GROUPS)))
        total = np.add.reduceat(rows, first)
        return cls(np.add.reduceat(place * rows, first) / total, np.add.reduceat(came, first) / total)

    def of_rows(self, place: FloatArray) -> FloatArray:
        """The share that gets a label, of rows of these values."""
        found: FloatArray = np.interp(place, self.at, self.share)
        return found


@dataclass(frozen=True)
class LateScores:
    """What rows were like that had no label yet at an age.

    Attributes:
        meaning: of the scores of those whose label came later.
        arrivals: how many of all of them got one at all.
    """

    meaning: Calibration
    arrivals: Arrivals


@dataclass(frozen=True)
class Lack:
    """Rows of a day that have no label yet.

    Attributes:
        rows: by score and decision, shape (k, 2).
        late: what rows of complete days were like that had no label at this day's age.
    """

    rows: FloatArray
    late: LateScores

    def coming(self, score: FloatArray) -> FloatArray:
        """The rows that will get a label, shape (k, 2)."""
        found: FloatArray = self.rows * self.late.arrivals.of_rows(score)[:, np.newaxis]
        return found

    def chances(self, score: FloatArray) -> FloatArray:
        """That such a row's label is positive, shape (k, 1); 0 where none came so late."""
        if not self.late.meaning.rows.any():
            return np.zeros((len(score), 1))
        return self.late.meaning.chances(score)[:, np.newaxis]

    def unlike(self, score: FloatArray) -> str:
        """Why late labels say nothing of these rows; empty if they do. They may all be of one class."""
        meaning = self.late.meaning
        known = float(meaning.rows.sum())
        if known < LEAST_LATE:
            return f"{known:,.0f} labels came as late as those that lack, where {LEAST_LATE} are needed"
        return meaning.ground.why_apart(score, self.coming(score).sum(axis=1), near=NEAR, what="scores")


@dataclass(frozen=True)
class Completed:
    """Predictions of a window of which some have labels.

    Attributes:
        score: distinct scores, or centres of their bins, ascending, shape (k,).
        rows: those with a label, by score and decision, shape (k, 2).
        positives: how many of them are positive, likewise.
        lacks: the days that lack labels.
        seed: a non-negative integer; the same counts and seed give the same interval.
        detail: how many bins draws are made of at most.
    """

    score: FloatArray
    rows: FloatArray
    positives: FloatArray
    lacks: Sequence[Lack]
    seed: int = 0
    detail: int = DETAIL

    @cached_property
    def n(self) -> int:
        """Labelled rows."""
        return int(self.rows.sum())

    @cached_property
    def refused(self) -> str:
        """Why nothing can be said of the missing labels; empty if something can."""
        if not self._whole.n:
            return NO_ROWS
        for lack in self.lacks:
            # without complete days nobody knows how many labels will come
            few = too_few_days(len(lack.late.meaning.positives))
            awaited = lack.coming(self.score).sum() > NEGLIGIBLE * self._whole.n
            if reason := few or (lack.unlike(self.score) if awaited else ""):
                return reason
        return ""

    def completed(self, name: str) -> Estimate:
        """A statistic as it is expected to be once all labels are in; the interval holds what it may be.

        Where late labels are not known well enough, the reason has the bounds whatever they are.
        """
        highest = math.inf if name == "log_loss" else 1.0
        return self.of(STATISTICS[name], highest=highest, of_decisions=name in _BOUNDED)

    def of(self, statistic: Statistic, *, highest: float, of_decisions: bool) -> Estimate:
        """The same of any statistic between 0 and `highest`; bounds are known of those of decisions."""
        if self.refused:
            bounds = self._bounds(statistic) if of_decisions else ""
            return Estimate.missing(f"{self.refused}{bounds}", self._whole.n)
        value = float(statistic(Labelled(self._whole, self._expected)))
        if not math.isfinite(value):
            return Estimate.missing("no rows that it is a share of are expected", self._whole.n)
        labels, centre = self._drawn
        draws, middle = statistic(labels), float(statistic(centre))
        if not of_decisions:
            value = min(highest, max(0.0, unsharpened(value, draws, middle)))
        return estimate_around(value, draws, middle, self._whole.n, highest=highest)

    @cached_property
    def _whole(self) -> Predicted:
        """The rows that will have a label."""
        coming = (lack.coming(self.score) for lack in self.lacks)
        return Predicted(self.score, sum(coming, self.rows))

    @cached_property
    def _expected(self) -> FloatArray:
        """The positives among them, shape (k, 2)."""
        coming = (lack.coming(self.score) * lack.chances(self.score) for lack in self.lacks)
        return sum(coming, self.positives)

    @cached_property
    def _drawn(self) -> tuple[Labelled, Labelled]:
        """Rows of few bins with draws of the positives of them, and with the expected ones."""
        first = self._whole.groups(self.detail)
        few = self._whole.joined(first)
        rng = np.random.default_rng((self.seed, 6))
        centre = np.add.reduceat(self.positives, first, axis=0)
        drawn = np.repeat(centre[np.newaxis], REPLICATES, axis=0)
        for lack in self.lacks:
            rows, meaning = np.add.reduceat(lack.rows, first, axis=0), lack.late.meaning
            if not rows.any() or not meaning.rows.any():
                continue
            coming = lack.late.arrivals.of_rows(few.score)[:, np.newaxis]
            # days next to each other are alike: all of them have the same draw of a level
            level = level_of_days(meaning, 1, np.random.default_rng((self.seed, 7)))
            chances = levelled(meaning.replicates(few.score), level)
            drawn += by_decision(rng, rows, coming[:, 0] * chances)
            centre = centre + rows * coming * lack.chances(few.score)
        return Labelled(few, np.minimum(drawn, few.rows)), Labelled(few, np.minimum(centre, few.rows))

    def _bounds(self, statistic: Statistic) -> str:
        """Between what a statistic of decisions will be, whatever the missing labels are."""
        if not self._whole.n:
            return ""
        lacking = sum((lack.rows for lack in self.lacks), np.zeros_like(self.rows))
        whole = Predicted(self.score, self.rows + lacking)
        nothing, accepted, rejected = (lacking * np.array(way) for way in ((0, 0), (0, 1), (1, 0)))
        ends = [
            float(statistic(Labelled(whole, self.positives + added)))
            for added in (nothing, accepted, rejected, lacking)
        ]
        known = [end for end in ends if math.isfinite(end)]
        return f"; between {min(known):.3g} and {max(known):.3g}, whatever they are" if known else ""

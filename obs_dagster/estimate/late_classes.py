"""Rows of several classes that lack labels, by the score of one, and what such rows were like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.estimate.calibration import REPLICATES
from obs_dagster.estimate.completed import Lack, LateScores
from obs_dagster.estimate.predicted import Predicted
from obs_dagster.profile.distribution import FloatArray

_AS_SURE = 10.0
"""Expected rows from which on it counts for a half what decisions said of labels beyond scores."""


@dataclass(frozen=True)
class LateClass:
    """What rows were like that had no label yet at an age, of one class.

    Attributes:
        scores: of those whose label came later the class's rows against all others, and how many got one.
        real: of each complete day, rows whose label it is, without and with the class predicted, shape
            (days, 2).
        told: how many of them their scores alone let expect, likewise.
    """

    scores: LateScores
    real: FloatArray
    told: FloatArray

    @cached_property
    def factor(self) -> FloatArray:
        """How much likelier the label is than its score says, without and with the class predicted, (2,).

        Which class was predicted says how the other scores are, and of late rows these say something too.
        """
        return _ratio(self.real.sum(axis=0), self.told.sum(axis=0))

    def factors(self, rng: np.random.Generator) -> FloatArray:
        """The same of resampled days, shape (REPLICATES, 2)."""
        days = len(self.real)
        times = rng.multinomial(days, np.full(days, 1 / days), size=REPLICATES)
        return _ratio(times @ self.real, times @ self.told)


def _ratio(real: FloatArray, told: FloatArray) -> FloatArray:
    found: FloatArray = (real + _AS_SURE) / (told + _AS_SURE)
    return found


@dataclass(frozen=True)
class OneOfClasses:
    """Rows of a window by the score of one class.

    Attributes:
        score: distinct scores, or centres of their bins, ascending, shape (k,).
        rows: those with a label, without and with the class predicted, shape (k, 2).
        own: how many of them have the class for a label, shape (k,).
        lacks: by day that lacks labels, its rows without one, shape (k, 2), and what such rows were like.
    """

    score: FloatArray
    rows: FloatArray
    own: FloatArray
    lacks: Sequence[tuple[FloatArray, LateClass]]

    @cached_property
    def lack(self) -> Sequence[Lack]:
        """The rows without a label of each day."""
        return [Lack(rows, late.scores) for rows, late in self.lacks]

    @cached_property
    def coming(self) -> FloatArray:
        """Of each day, the rows that will get a label, shape (days, k, 2)."""
        found = [lack.coming(self.score) for lack in self.lack]
        return np.stack(found) if found else np.zeros((0, *self.rows.shape))

    def chances(self, day: int) -> FloatArray:
        """That a row of a day which gets a label has the class for it, shape (k, 2)."""
        found: FloatArray = self.lack[day].chances(self.score) * self.lacks[day][1].factor
        return np.minimum(found, 1.0)

    def joined(self, most: int) -> OneOfClasses:
        """The rows with bins joined to at most so many groups of about equal rows."""
        whole = Predicted(self.score, sum((rows for rows, _ in self.lacks), self.rows))
        first = whole.groups(most)
        return OneOfClasses(
            whole.joined(first).score,
            np.add.reduceat(self.rows, first, axis=0),
            np.add.reduceat(self.own, first),
            [(np.add.reduceat(rows, first, axis=0), late) for rows, late in self.lacks],
        )

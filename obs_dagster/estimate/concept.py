"""How surprising a day's labels are, given its scores, beside how the days of the baseline differed.

A day has its own scores, so its labels are held against what these meant on the baseline. Two things of them
are looked at, in which a concept that moves shows: the *level*, whether more or fewer rows are positive than
their scores said, and the *order*, whether high scores have more of these than low ones had:

    level = Σ (y - c) / n        order = Σ (y - c) x / n,  x = logit c, standardised

Both are sums of independent draws with a known variance, if nothing has moved and days don't differ. Written
as the share of n rows, one half, with that variance they are held against those of the baseline's days, with
all that `evidence.variation` knows of days: their design effect, tails, and likeness.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.estimate.calibration import Calibration
from obs_dagster.evidence.variation import LEAST_DAYS, variation_of
from obs_dagster.profile.distribution import FloatArray, IntArray

TOLERANCE = 0.0004
"""A squared distance that is no news, in units of the variance: a point of a level of 30 %."""

_NEAREST = 1e-3
"""Chances closer to 0 or 1 are taken to be no closer, or a row of them would outweigh all others."""


@dataclass(frozen=True)
class Concept:
    """What labels were, given their scores, on every day of a baseline."""

    calibration: Calibration

    @property
    def not_calibrated(self) -> str:
        """Why it is not known how its days differ; empty if it is."""
        if self.calibration.refused:
            return self.calibration.refused
        days = int(((self.calibration.positives + self.calibration.negatives).sum(axis=1) > 0).sum())
        if days >= LEAST_DAYS:
            return ""
        return f"not calibrated: {days} labelled days of the baseline, {LEAST_DAYS} are needed"

    def p_value(self, score: FloatArray, rows: FloatArray, positives: FloatArray) -> float:
        """How likely a day's labels are to lie so far from those of its scores if days differ as they did.

        The smaller one of level and order, twice (Bonferroni).

        Args:
            score: of the labelled rows, shape (k,).
            rows: labelled rows of each, shape (k,).
            positives: positives among them, shape (k,).
        """
        own = self._read(score, rows, positives)
        if not own.n:
            return 1.0
        of_days = [
            self._read(self.calibration.score, yes + no, yes).tables
            for yes, no in zip(self.calibration.positives, self.calibration.negatives, strict=True)
        ]
        unsure = own.unsure(self.calibration.replicates(score))
        found = []
        for place, table in enumerate(own.tables):
            days = variation_of(np.array([each[place] for each in of_days]))
            # where a day's scores are others, the baseline may know less of them
            days = days.no_surer_than(float(unsure[place]))
            found.append(days.p_value(table, tolerance=TOLERANCE))
        return min(1.0, 2 * min(found))

    def _read(self, score: FloatArray, rows: FloatArray, positives: FloatArray) -> _Day:
        chance = np.clip(self.calibration.chances(score), _NEAREST, 1 - _NEAREST)
        return _Day(rows, positives, chance)


@dataclass(frozen=True)
class _Day:
    """A day's labelled rows by score, how many are positive, and the chances of that; shape (k,) each."""

    rows: FloatArray
    positives: FloatArray
    chance: FloatArray

    @cached_property
    def n(self) -> int:
        """All rows."""
        return int(self.rows.sum())

    @cached_property
    def _weights(self) -> FloatArray:
        """By what each row counts in level and order, shape (2, k); the order is 0 of chances all alike."""
        weight = self.rows * self.chance * (1 - self.chance)
        logit = np.log(self.chance / (1 - self.chance))
        return np.stack([np.ones(len(logit)), logit - weight @ logit / weight.sum()])

    @cached_property
    def _variances(self) -> FloatArray:
        """Of the two sums, shape (2,)."""
        weight = self.rows * self.chance * (1 - self.chance)
        found: FloatArray = np.maximum(self._weights**2 @ weight, np.finfo(np.float64).tiny)
        return found

    @property
    def tables(self) -> IntArray:
        """Level and order, each as a share of the rows that varies as much: rows with it, without; (2, 2)."""
        if not self.n:
            return np.zeros((2, 2), dtype=np.int64)
        sums = self._weights @ (self.positives - self.rows * self.chance)
        share = 0.5 + 0.5 * sums / np.sqrt(self.n * self._variances)
        with_it = np.rint(np.clip(share, 0.0, 1.0) * self.n).astype(np.int64)
        return np.stack([with_it, self.n - with_it], axis=1)

    def unsure(self, chances: FloatArray) -> FloatArray:
        """How far both are off by what the baseline does not know, as a variance of such shares, shape (2,).

        Args:
            chances: by resampled baselines, shape (replicates, k).
        """
        sums = (chances * self.rows) @ self._weights.T
        found: FloatArray = sums.var(axis=0) / self._variances / self.n
        return found

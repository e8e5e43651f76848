"""Labelled rows that two versions served side by side, as the estimates take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from obs_dagster.effects.values import Values
from obs_dagster.profile.distribution import FloatArray, IntArray

FOLDS = 5
"""Parts of the rows; what is said of a row of one is learned from the others."""


@dataclass(frozen=True)
class ServedRows:
    """Rows of days on which both versions served; all arrays have an entry per row.

    Attributes:
        covariates: what was known of a row before it was served, shape (n, k), finite.
        treated: whether the second version served it.
        outcome: what came of it.
        day: the number of its day, from 0 on.
        weight: rows of the log that it stands for; the same for all rows of a version and day.
        binary: whether outcomes are 0 or 1.
        segments: by segment cell, which rows are in it.
        values: of each feature.
    """

    covariates: FloatArray
    treated: NDArray[np.bool_]
    outcome: FloatArray
    day: IntArray
    weight: FloatArray
    binary: bool
    segments: Mapping[str, NDArray[np.bool_]]
    values: Values = field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.treated)

    @property
    def days(self) -> int:
        """Of how many days they are."""
        return len(np.unique(self.day))

    def folds(self, seed: int) -> IntArray:
        """The fold of each row, shape (n,): every fold has as many rows of each day and version."""
        order = np.random.default_rng(seed).permutation(self.n)
        group = self.day * 2 + self.treated
        sorted_rows = order[np.argsort(group[order], kind="stable")]
        fold = np.empty(self.n, dtype=np.int64)
        # one after the other, through the groups, so that no fold has one row more of all of them
        fold[sorted_rows] = np.arange(self.n) % FOLDS
        return fold

    def side_by_side(self) -> ServedRows:
        """Those of days of which both versions have some."""
        both = np.intersect1d(self.day[self.treated], self.day[~self.treated])
        return self.of(np.isin(self.day, both))

    def of(self, chosen: NDArray[np.bool_]) -> ServedRows:
        """Some of them."""
        return replace(
            self,
            covariates=self.covariates[chosen],
            treated=self.treated[chosen],
            outcome=self.outcome[chosen],
            day=self.day[chosen],
            weight=self.weight[chosen],
            segments={name: inside[chosen] for name, inside in self.segments.items()},
            values={name: each[chosen] for name, each in self.values.items()},
        )

    def day_sums(self, values: Sequence[FloatArray] | FloatArray) -> FloatArray:
        """Sums of values over the rows of each day, shape (days, len(values))."""
        _, place = np.unique(self.day, return_inverse=True)
        return np.column_stack([np.bincount(place, weights=each) for each in values])

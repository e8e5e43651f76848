"""Rows of a baseline weighted to be like those of a window: what a domain classifier says of each.

Where features moved, rows of the baseline that look like those of now count for more, by the ratio of the two
densities: the odds that a row is of the window, of as many of both (Bickel, Brückner and Scheffer, 2009).
What such weights are worth says Kish's effective number of rows; where it is small, or where the window has
rows of which the baseline has hardly any, nothing can be learned from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.estimate.calibration import LEAST_ROWS
from obs_dagster.metrics.multivariate.samples import Samples
from obs_dagster.profile.distribution import FloatArray

MOST_RARE = 0.2
"""Share of the window's rows that may lie where the baseline has few."""

RARE = 20.0
"""A density ratio from which on it has few."""

_FURTHEST = 1e-4
"""Probabilities of the classifier closer to 0 or 1 are taken to be no closer."""


@dataclass(frozen=True)
class Likeness:
    """How rows of a baseline have to be weighted to be like those of a window.

    Attributes:
        weights: of each row of the baseline, with mean 1, shape (n,).
        rare: the share of the window's rows where the baseline has less than a twentieth of their density.
        obstacle: why the two could not be compared; empty if they were.
    """

    weights: FloatArray
    rare: float
    obstacle: str = ""

    @classmethod
    def of(cls, samples: Samples) -> Likeness:
        """From two samples of rows."""
        if samples.obstacle:
            return cls(np.zeros(0), 0.0, samples.obstacle)
        told = samples.told
        chance = np.clip(told.scores, _FURTHEST, 1 - _FURTHEST)
        of_baseline = ~told.current
        ratio = chance / (1 - chance) * of_baseline.sum() / told.current.sum()
        weights = ratio[of_baseline]
        return cls(weights / weights.mean(), float((ratio[told.current] > RARE).mean()))

    @cached_property
    def worth(self) -> float:
        """How many rows the weighted ones are worth (Kish, 1965)."""
        return float(self.weights.sum() ** 2 / (self.weights**2).sum()) if len(self.weights) else 0.0

    @cached_property
    def apart(self) -> str:
        """Why weights say nothing; empty if they do."""
        if self.obstacle or self.rare <= MOST_RARE:
            return self.obstacle
        return (
            f"features overlap too little: {self.rare:.0%} of the rows are where the baseline has less than "
            f"1/{RARE:.0f} of their density"
        )

    @cached_property
    def refused(self) -> str:
        """Why nothing can be learned of the weighted rows; empty if something can."""
        if self.apart:
            return self.apart
        if self.worth < LEAST_ROWS:
            return (
                f"{len(self.weights):,} rows of the baseline, weighted to have the features of now, are "
                f"worth {self.worth:,.0f}, where {LEAST_ROWS} are needed"
            )
        return ""

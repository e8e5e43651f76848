"""A column's counts on each day of its baseline, and how far these differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.evidence.bins import Bins, bins_of
from obs_dagster.evidence.variation import LEAST_DAYS, Variation, assumed, variation_of
from obs_dagster.profile.distribution import Counts


@dataclass(frozen=True)
class DayCounts:
    """What a column's evidence is made from.

    Attributes:
        baseline: its counts on the whole baseline, with rows.
        days: its counts on days of it, in the order of time; empty if it is no days of the log.
    """

    baseline: Counts
    days: Sequence[Counts] = ()

    @cached_property
    def bins(self) -> Bins:
        """The bins that all days are counted on."""
        return bins_of(self.baseline, len(self.days))

    @cached_property
    def variation(self) -> Variation:
        """How its days differ; assumed, if too few are known."""
        if len(self.days) < LEAST_DAYS:
            return assumed(self.bins.count(self.baseline))
        found = variation_of(np.array([self.bins.count(day) for day in self.days]))
        return found if found.calibrated else assumed(self.bins.count(self.baseline))

    @property
    def not_calibrated(self) -> str:
        """Why it is not known how its days differ; empty if it is."""
        if self.variation.calibrated:
            return ""
        if not self.days:
            return "not calibrated: no days of the baseline say how days differ"
        return (
            f"not calibrated: {len(self.days)} days of the baseline have rows of it, {LEAST_DAYS} are needed"
        )

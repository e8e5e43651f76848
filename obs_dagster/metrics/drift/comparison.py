"""One column against its baseline: what every drift statistic is computed from."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Literal

from obs_dagster.metrics.bootstrap import resample, sampling_noise
from obs_dagster.metrics.drift.alignment import (
    Binned,
    Pointwise,
    Replicates,
    align_categories,
    align_points,
    deciles,
)
from obs_dagster.metrics.drift.day_counts import DayCounts
from obs_dagster.metrics.drift.rounding import ExactShares, Slopes, Term, exact_categories, exact_deciles
from obs_dagster.metrics.intervals import divergence_interval
from obs_dagster.metrics.record import NO_BASELINE, NO_ROWS, Estimate
from obs_dagster.profile.distribution import (
    CategoryCounts,
    CountArray,
    Counts,
    FloatArray,
    IntArray,
    NumericCounts,
)

Divergence = Callable[[CountArray, CountArray], FloatArray]
"""From the counts of the baseline and of the current window, both (..., k), to a number each, (...)."""

Kind = Literal["numeric", "category"]


class Comparison:
    """A column's counts in the current window, beside the baseline's, with what the statistics share.

    Bins and bootstrap replicates are made when first asked for, and each kind of replicate from its own
    stream of the seed: a statistic's interval does not depend on which others are computed.

    Args:
        baseline: the baseline's counts; None if there is no baseline.
        current: the current window's counts, on the baseline's grid.
        seed: a non-negative integer; the same counts and seed give the same estimates.
        days: the column's counts on each day of the baseline, in the order of time, or of nights before that
            say how days differ; none if there are neither.
        before: nights before as a baseline of their own; none if there are none.
        length: how many days the current window has.
    """

    def __init__(
        self,
        baseline: Counts | None,
        current: Counts,
        seed: int,
        *,
        days: DayCounts | None = None,
        before: DayCounts | None = None,
        length: int = 1,
    ) -> None:
        self.baseline = baseline
        self.current = current
        self.seed = seed
        self.days = days
        self.before = before
        self.length = max(length, 1)
        self._day_p_values: list[tuple[DayCounts, float]] = []

    @property
    def kind(self) -> Kind:
        """The kind of column, as the baseline has it."""
        return "numeric" if isinstance(self.baseline or self.current, NumericCounts) else "category"

    @cached_property
    def obstacle(self) -> str:
        """Why the two distributions cannot be compared; empty if they can."""
        if self.baseline is None or self.baseline.rows == 0:
            return NO_BASELINE
        if self.current.rows == 0:
            return NO_ROWS
        if self.baseline.n == 0:
            return "no values in the baseline"
        if self.current.n == 0:
            return "no values"
        if isinstance(self.baseline, NumericCounts) != isinstance(self.current, NumericCounts):
            return f"type changed: the baseline is {self.kind}, the current window is not"
        return ""

    @cached_property
    def points(self) -> Pointwise:
        """Both sides on common points; for numeric columns without an obstacle."""
        if isinstance(self.baseline, NumericCounts) and isinstance(self.current, NumericCounts):
            return align_points(self.baseline, self.current)
        raise TypeError("only numeric columns have points")

    @cached_property
    def coarse(self) -> Pointwise:
        """The points, few enough for the bootstrap."""
        return self.points.coarse()

    @cached_property
    def bins(self) -> Binned:
        """Both sides on the baseline's deciles, or by value; for columns without an obstacle."""
        if isinstance(self.baseline, CategoryCounts) and isinstance(self.current, CategoryCounts):
            return align_categories(self.baseline, self.current)
        return deciles(self.points)

    @cached_property
    def exact(self) -> ExactShares | None:
        """What is known of the exact shares; None where the bins hold what they would hold exactly."""
        if isinstance(self.baseline, CategoryCounts) and isinstance(self.current, CategoryCounts):
            return exact_categories(self.baseline, self.current)
        return exact_deciles(self.points) if isinstance(self.baseline, NumericCounts) else None

    @cached_property
    def baseline_noise(self) -> FloatArray:
        """How far the baseline's shares lie off in each replicate, on the coarse points, shape (r, k)."""
        return sampling_noise(self.coarse.baseline, (self.seed, 0, 0))

    @cached_property
    def point_noise(self) -> FloatArray:
        """How far the difference of shares lies off in each replicate, on the coarse points, shape (r, k)."""
        return sampling_noise(self.coarse.current, (self.seed, 0, 1)) - self.baseline_noise

    @cached_property
    def bin_replicates(self) -> Replicates:
        """Bootstrap replicates of the bins, shape (replicates, k) each."""
        return self._replicates(self.bins.baseline, self.bins.current, stream=1)

    @cached_property
    def bin_noise(self) -> FloatArray:
        """How far each replicate's difference of shares lies from the observed one, on the bins."""
        drawn = self.bin_replicates
        return (shares(drawn.current) - shares(drawn.baseline)) - (
            shares(self.bins.current) - shares(self.bins.baseline)
        )

    @cached_property
    def unmoved_replicates(self) -> Replicates:
        """What both sides' bins look like if nothing has moved: drawn from the pooled rows."""
        pooled = self.bins.baseline + self.bins.current
        sizes = int(self.bins.baseline.sum()), int(self.bins.current.sum())
        return self._replicates(pooled, pooled, stream=2, sizes=sizes)

    def day_p_value(self, known: DayCounts) -> float:
        """How likely a day is to differ so much as the current window from days that are known."""
        for each, found in self._day_p_values:
            if each is known:
                return found
        found = known.questions.p_value(self.current)
        self._day_p_values.append((known, found))
        return found

    def divergence(self, divergence: Divergence, term: Term, slopes: Slopes, *, largest: float) -> Estimate:
        """A divergence of the bins, the sum of its terms, and how far it may be off that of exact deciles."""
        if self.obstacle:
            return Estimate.missing(self.obstacle)
        value, drawn, unmoved = (
            divergence(side.baseline, side.current)
            for side in (self.bins, self.bin_replicates, self.unmoved_replicates)
        )
        error = self.exact.error(float(value), term, slopes) if self.exact else 0.0
        error = min(error, max(float(value), largest - float(value)))
        low, high = divergence_interval(float(value), drawn, unmoved, error=error, largest=largest)
        return Estimate(float(value), low, high, self.current.n, error)

    def _replicates(
        self,
        baseline: IntArray,
        current: IntArray,
        *,
        stream: int,
        sizes: tuple[int | None, int | None] = (None, None),
    ) -> Replicates:
        return Replicates(
            resample(baseline, (self.seed, stream, 0), size=sizes[0]),
            resample(current, (self.seed, stream, 1), size=sizes[1]),
        )


def numeric(comparison: Comparison) -> bool:
    """Whether a statistic of numeric columns applies."""
    return comparison.kind == "numeric"


def shares(counts: CountArray) -> FloatArray:
    """Counts (..., k) as shares of their sum over the last axis."""
    result: FloatArray = counts / counts.sum(axis=-1, keepdims=True)
    return result

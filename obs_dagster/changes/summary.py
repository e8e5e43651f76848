"""One side of a change: how many rows, how many without a value, and where the others lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from obs_dagster.profile.distribution import CategoryCounts, Counts, NumericCounts

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles that are kept."""

MOST_SHARES = 8
"""Values of a column of few values that are kept with their share; the others are one share."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One side of a change.

    Attributes:
        rows: all rows.
        missing: those of them without a usable value.
        quantiles: of the finite values of a numeric column, those of `LEVELS`; else empty.
        minimum, maximum: of the finite values; None if there are none.
        shares: share of the rows with a value per category, or per value of a numeric column of few values;
            those that are most frequent on either side.
    """

    rows: int
    missing: int
    quantiles: tuple[float, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def missing_share(self) -> float:
        """The share of rows without a usable value."""
        return self.missing / self.rows if self.rows else 0.0

    @property
    def median(self) -> float | None:
        """The middle of the finite values."""
        return self.quantiles[LEVELS.index(0.5)] if self.quantiles else None

    @property
    def spread(self) -> float:
        """How far the outer quantiles are apart."""
        return self.quantiles[-1] - self.quantiles[0] if self.quantiles else 0.0


def summarise(counts: Counts, shown: Sequence[str] = ()) -> Summary:
    """The summary of one side.

    Args:
        counts: the side.
        shown: categories, or values, whose share is kept.
    """
    shares = {}
    if counts.n:
        each = by_value(counts)
        shares = {name: each.get(name, 0) / counts.n for name in shown}
    if isinstance(counts, CategoryCounts) or not counts.n:
        return Summary(counts.rows, counts.missing, shares=shares)
    return Summary(counts.rows, counts.missing, _quantiles(counts), counts.minimum, counts.maximum, shares)


def by_value(counts: Counts) -> Mapping[str, int]:
    """Rows per category, or per value that was counted exactly."""
    if isinstance(counts, CategoryCounts):
        return counts.counts
    exact = (counts.widths == 0) & (counts.counts > 0)
    return {
        f"{point:g}": int(n)
        for point, n in zip(counts.points[exact].tolist(), counts.counts[exact].tolist(), strict=True)
    }


def most_frequent(before: Counts, after: Counts) -> tuple[str, ...]:
    """The values with most rows on either side, in the order of both together; empty if there are many.

    Of a numeric column with more values than are kept the shares of some say little.
    """
    sides = [by_value(side) for side in (before, after)]
    ranks: dict[str, float] = {}
    for side, values in zip((before, after), sides, strict=True):
        rows = max(side.n, 1)
        for name, n in values.items():
            ranks[name] = ranks.get(name, 0.0) + n / rows
    if isinstance(before, NumericCounts):
        known = sum(sum(values.values()) for values in sides)
        if len(ranks) > MOST_SHARES or known < before.n + after.n:
            return ()
        return tuple(sorted(ranks, key=float))
    ordered = sorted(ranks, key=lambda name: (-ranks[name], name))
    return tuple(ordered[:MOST_SHARES])


def _quantiles(counts: NumericCounts) -> tuple[float, ...]:
    """The least values that at least so many rows do not exceed, rounded to bins."""
    used = counts.counts > 0
    cumulative = np.cumsum(counts.counts[used])
    ranks = np.maximum(1, np.ceil(np.asarray(LEVELS) * counts.n - 1e-9))
    found = counts.points[used][np.searchsorted(cumulative, ranks)]
    if counts.minimum is not None and counts.maximum is not None:
        found = np.clip(found, counts.minimum, counts.maximum)
    return tuple(found.tolist())

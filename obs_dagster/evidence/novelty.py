"""Which rows of a day have values that no other day has had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from obs_dagster.evidence.spread import IntArray
from obs_dagster.profile.distribution import CategoryCounts, Counts, NumericCounts

_BEYOND = 0.1
"""How far beyond the known range a number is new, as a part of it: a little colder than ever is not."""


@dataclass(frozen=True, slots=True)
class Known:
    """The values that some days have had.

    Attributes:
        names: those of a category; None where not all were counted by themselves, so that none is surely new.
        lowest, highest: the two lowest and the two highest numbers of different days, shape (2,) each.
    """

    names: Counter[str] | None
    lowest: tuple[float, float]
    highest: tuple[float, float]

    @classmethod
    def of(cls, days: Sequence[Counts]) -> Known:
        """What days have had."""
        named = [day for day in days if isinstance(day, CategoryCounts)]
        ranges = [day.ends for day in days if isinstance(day, NumericCounts) and day.ends]
        low = sorted(low for low, _ in ranges)
        high = sorted((high for _, high in ranges), reverse=True)
        names = Counter(name for day in named for name, rows in day.counts.items() if rows)
        whole = not any(day.rest for day in named)
        return cls(names if whole else None, _two(low, np.inf), _two(high, -np.inf))

    def new(self, counts: Counts) -> IntArray:
        """Rows with values that are known, and with new ones, shape (2,)."""
        return self._new(counts, own=False)

    def new_of_days(self, days: Sequence[Counts]) -> IntArray:
        """The same of each of the days themselves, beside the others, shape (days, 2)."""
        return np.array([self._new(day, own=True) for day in days])

    def _new(self, counts: Counts, *, own: bool) -> IntArray:
        if isinstance(counts, CategoryCounts):
            names = self.names
            others = 1 if own else 0
            new = (
                0 if not names else sum(rows for name, rows in counts.counts.items() if names[name] <= others)
            )
        else:
            new = self._outside(counts, own=own)
        return np.array([counts.n - new, new], dtype=np.int64)

    def _outside(self, counts: NumericCounts, *, own: bool) -> int:
        if counts.ends is None:
            return 0
        low, high = self.lowest[0], self.highest[0]
        lowest, highest = counts.ends
        if own:
            low = self.lowest[1] if lowest == low else low
            high = self.highest[1] if highest == high else high
        if not low <= high:
            # there are no numbers to compare with
            return 0
        # a float of Python's becomes infinite where NumPy's would also warn of it
        reach = _BEYOND * (high - low)
        least, most = low - reach, high + reach
        if least <= lowest and highest <= most:
            return 0
        return int(counts.counts[(counts.points < least) | (counts.points > most)].sum())


def _two(ordered: Sequence[float], none: float) -> tuple[float, float]:
    first, second, *_ = *ordered, none, none
    return first, second

"""Whether a baseline can speak for a window: whether it has enough rows where those of the window are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.profile.distribution import FloatArray

MOST_OUTSIDE = 0.05
"""Share of the rows that may lie where the baseline had none."""

LEAST_WORTH = 100.0
"""Rows that a baseline must be worth where those of the window are."""

_GROUPS = 20
"""Groups of equal rows of the baseline in which its rows are compared with those of now."""


@dataclass(frozen=True)
class Ground:
    """Where a baseline has labelled rows; many windows and cells are held against one.

    Attributes:
        place: values, ascending, shape (k,).
        rows: labelled rows at each, at least one in all.
    """

    place: FloatArray
    rows: FloatArray

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest value that has rows."""
        having = self.place[self.rows > 0]
        return float(having[0]), float(having[-1])

    @cached_property
    def _edges(self) -> FloatArray:
        """What parts the groups, ascending."""
        upto = np.cumsum(self.rows)
        inner = np.searchsorted(upto, upto[-1] * np.arange(1, _GROUPS) / _GROUPS)
        return np.unique(self.place[np.minimum(inner, len(self.place) - 1)])

    @cached_property
    def _grouped(self) -> FloatArray:
        return self._by_group(self.place, self.rows)

    def _by_group(self, values: FloatArray, rows: FloatArray) -> FloatArray:
        group = np.searchsorted(self._edges, values)
        return np.bincount(group, weights=rows, minlength=len(self._edges) + 1).astype(np.float64)

    def why_apart(self, values: FloatArray, rows: FloatArray, *, near: float, what: str) -> str:
        """Why the baseline cannot speak for a window; empty if it can.

        Args:
            values: those of the window, shape (m,).
            rows: of each, likewise; not all 0.
            near: how far beyond the range of the baseline a value is still as good as in it.
            what: the values, as they are told of ("scores").
        """
        low, high = self.ends
        outside = rows[(values < low - near) | (values > high + near)].sum() / rows.sum()
        if outside > MOST_OUTSIDE:
            return f"{outside:.0%} of the {what} are outside of those that the baseline has"
        worth = self.worth(values, rows)
        if worth < LEAST_WORTH:
            return (
                f"where the {what} are now, the baseline is worth {worth:,.0f} labelled rows of the "
                f"{LEAST_WORTH:,.0f} that are needed"
            )
        return ""

    def worth(self, values: FloatArray, rows: FloatArray) -> float:
        """How many rows it is worth if weighted to have the values of a window (Kish, 1965)."""
        was, there = self._grouped, self._by_group(values, rows)
        having = was + there > 0
        was, there = was[having], there[having]
        if (was == 0).any():
            # at the very end of the range; what lies there is little, or it would be outside
            was = np.maximum(was, 1.0)
        return float(was.sum() / ((there / there.sum()) ** 2 / (was / was.sum())).sum())

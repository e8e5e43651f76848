"""The rows of a profile that are about one column in one cell, and the counts that they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.profile.distribution import CategoryCounts, FloatArray, IntArray, NumericCounts
from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.grid import NumericGrid
from obs_dagster.profile.grids.nearness import as_good_as_zero, is_near, nearness
from obs_dagster.profile.sparse import Sparse

#: Every kind, in order.
KINDS = ("bin", "category", "infinite", "moments", "nan", "near", "null", "rest", "rows", "value")
_PLACES = {kind: place for place, kind in enumerate(KINDS)}
_ENDS = np.arange(len(KINDS) + 1, dtype=np.int8)


@dataclass(frozen=True, slots=True)
class Entries:
    """Some rows of a profile, which are sorted by kind and key.

    Attributes:
        key: shape (k,); NaN where a row has none.
        n: the counts, shape (k,).
        sums: what few rows of the whole table have.
        start: the first of the rows in the table.
        ends: where each kind begins, and the last one ends, shape (kinds + 1,).
    """

    key: FloatArray
    n: IntArray
    sums: Mapping[str, Sparse]
    start: int
    ends: IntArray

    @classmethod
    def of(
        cls, columns: Mapping[str, NDArray[Any]], sums: Mapping[str, Sparse], where: tuple[int, int]
    ) -> Entries:
        """The rows of a table from a place on, so many of them.

        Args:
            columns: what every row has: `kind`, as its place among `KINDS`, `key` and `n`.
            sums: what few have.
            where: start and length.
        """
        start, length = where
        kind, key, n = (columns[name][start : start + length] for name in ("kind", "key", "n"))
        return cls(key, n, sums, start, np.searchsorted(kind, _ENDS))

    def rows(self, *kinds: str) -> int:
        """How many rows of the log some kinds count."""
        return sum(int(self.n[self._of(kind)].sum()) for kind in kinds)

    def counted(self, kind: str) -> tuple[FloatArray, IntArray]:
        """Keys and counts of a kind, shape (j,) each."""
        of = self._of(kind)
        return self.key[of], self.n[of]

    def has(self, kind: str) -> bool:
        """Whether there is a row of a kind."""
        of = self._of(kind)
        return bool(of.start < of.stop)

    def sum(self, name: str, kind: str) -> FloatArray:
        """What the rows of a kind have of the sums, shape (j,); NaN where they have none."""
        of = self._of(kind)
        return self.sums[name].part(self.start + of.start, of.stop - of.start)

    def lacks(self, name: str, kind: str) -> bool:
        """Whether no row of a kind has that sum."""
        of = self._of(kind)
        return not self.sums[name].count(self.start + of.start, of.stop - of.start)

    def _of(self, kind: str) -> slice:
        place = _PLACES[kind]
        return slice(int(self.ends[place]), int(self.ends[place + 1]))


def category_counts(entries: Entries, names: pa.ChunkedArray) -> CategoryCounts:
    """The counts of a categorical column; `names` are the categories of all its rows, shape (k,)."""
    _, n = entries.counted("category")
    first = int(entries.ends[_PLACES["category"]])
    return CategoryCounts(
        counts=dict(zip(names.slice(first, len(n)).to_pylist(), n.tolist(), strict=True)),
        nulls=entries.rows("null"),
        rest=entries.rows("rest"),
        most=int(entries.sum("total", "rest").sum()),
    )


def number_counts(entries: Entries, grid: NumericGrid) -> NumericCounts:
    """The counts of a numeric column, whose bins are those of the grid."""
    bins = _Bins.of(entries, grid)
    (valued, of_valued), (nearly, of_nearly) = entries.counted("value"), entries.counted("near")
    if len(valued) or len(nearly):
        values = np.unique(np.concatenate([nearly, valued]))
        near = np.zeros(len(values), dtype=np.int64)
        near[np.searchsorted(values, nearly)] = of_nearly
        counted = near.copy()
        counted[np.searchsorted(values, valued)] += of_valued
        bins = bins.beside(_Bins(values, np.zeros(len(values)), counted, near, _reach(values, grid)))
    moments = entries.has("moments")
    return NumericCounts(
        points=bins.points,
        widths=bins.widths,
        counts=bins.counts,
        near=bins.near,
        reach=bins.reach,
        nulls=entries.rows("null"),
        nans=entries.rows("nan"),
        infinite=entries.rows("infinite"),
        total=float(entries.sum("total", "moments").sum()),
        total_sq=float(entries.sum("total_sq", "moments").sum()),
        minimum=float(entries.sum("minimum", "moments").min()) if moments else None,
        maximum=float(entries.sum("maximum", "moments").max()) if moments else None,
    )


@dataclass(frozen=True, slots=True)
class _Bins:
    """Points of a column with their counts, ascending, all of shape (k,); as `NumericCounts` has them."""

    points: FloatArray
    widths: FloatArray
    counts: IntArray
    near: IntArray
    reach: FloatArray

    @classmethod
    def of(cls, entries: Entries, grid: NumericGrid) -> _Bins:
        """The bins of a grid; those whose extremes are as good as equal are a single value."""
        key, n = entries.counted("bin")
        low, high = grid.edges(key.astype(np.int64))
        if entries.lacks("minimum", "bin"):
            nothing = np.zeros(len(n), dtype=np.int64)
            return cls(low / 2 + high / 2, high - low, n, nothing, np.zeros(len(n))).ascending()
        # without extremes these are NaN, which is near nothing
        least, greatest = entries.sum("minimum", "bin"), entries.sum("maximum", "bin")
        zero = greatest <= as_good_as_zero(float(np.nanmax(greatest, initial=0.0)))
        single = is_near(least, greatest) | zero
        nearest = np.where(zero, 0.0, least)
        inexact = single & (nearest < greatest)
        # the bins of values that stand for 0 come first, and are one
        starts = np.flatnonzero(~zero | (np.cumsum(zero) == 1))
        value = np.where(zero, 0.0, least / 2 + greatest / 2)
        return cls(
            points=np.where(single, value, low / 2 + high / 2)[starts],
            widths=np.where(single, 0.0, high - low)[starts],
            counts=np.add.reduceat(n, starts),
            near=np.add.reduceat(np.where(inexact, n, 0), starts),
            reach=np.maximum.reduceat(np.where(inexact, greatest - nearest, 0.0), starts),
        ).ascending()

    def beside(self, other: _Bins) -> _Bins:
        """Both, those of the other after these where points are equal."""
        return _Bins(
            points=np.concatenate([self.points, other.points]),
            widths=np.concatenate([self.widths, other.widths]),
            counts=np.concatenate([self.counts, other.counts]),
            near=np.concatenate([self.near, other.near]),
            reach=np.concatenate([self.reach, other.reach]),
        ).ascending()

    def ascending(self) -> _Bins:
        """The same in the order of the points."""
        if (self.points[1:] >= self.points[:-1]).all():
            return self
        order = np.argsort(self.points, kind="stable")
        return _Bins(
            self.points[order], self.widths[order], self.counts[order], self.near[order], self.reach[order]
        )


def _reach(values: FloatArray, grid: NumericGrid) -> FloatArray:
    """How far numbers can be off each of the values that they are near."""
    if not isinstance(grid, AsinhGrid):
        return np.zeros(len(values))
    near = nearness(grid.exact, grid.scale)
    reach: FloatArray = near.reach[np.searchsorted(near.values, values)]
    return reach

"""What is counted of a column where counts get noise: few buckets, which no row has a say in.

Which values occur would tell of a row, so the buckets follow from what is agreed on: the grid of a number,
and the values that the monitor allows of a category. What the grid counts by value has a bucket for each
value, if these are few; the line is cut at fixed distances from the grid's centre, in its scale, and scores
at tenths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import outputs
from obs_dagster.profile.columns import ProfiledColumn, profiled_columns
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.grid import NumericGrid

#: In scales of the grid: half its interquartile range of the baseline.
_DISTANCES = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
_MOST_VALUES = 64
_TENTHS = np.linspace(0.0, 1.0, 11)
_NONE = ("null", "nan", "infinite")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A place that rows are counted at.

    Attributes:
        kind: as rows of profiles have it.
        key, category: as rows of profiles have them, of the value that stands for all that are counted here.
        value: the number that stands for them; None of what is none.
    """

    kind: str
    key: float | None = None
    category: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class NumberBuckets:
    """The buckets of a number.

    Attributes:
        grid: what it is counted on.
        values: numbers with a bucket each, ascending.
        cuts: where the line is cut, ascending; the first bucket lies below the first of them.
        listed: the buckets: those of `values`, of the line, and of what is no number.
    """

    grid: NumericGrid
    values: FloatArray
    cuts: FloatArray
    listed: Sequence[Bucket]

    @classmethod
    def of(cls, grid: NumericGrid) -> NumberBuckets:
        """The buckets that a grid has."""
        values = np.array(sorted(grid.exact) if len(grid.exact) <= _MOST_VALUES else [], dtype=np.float64)
        if isinstance(grid, AsinhGrid):
            away = np.array(_DISTANCES)
            cuts = grid.centre + grid.scale * np.concatenate([-away[::-1], [0.0], away])
            ends = grid.scale * away[-1]
            middles = np.concatenate([[cuts[0] - ends], (cuts[1:] + cuts[:-1]) / 2, [cuts[-1] + ends]])
        else:
            cuts, middles = _TENTHS[1:-1], (_TENTHS[1:] + _TENTHS[:-1]) / 2
        keys = bins_of(grid, middles)
        line = [Bucket("bin", float(key), None, float(each)) for key, each in zip(keys, middles, strict=True)]
        listed = [Bucket("value", float(each), None, float(each)) for each in values]
        return cls(grid, values, cuts, [*listed, *line, *(Bucket(kind) for kind in _NONE)])

    def places(self, rows: Sequence[Mapping[str, Any]]) -> list[int | None]:
        """The bucket of each row of a profile; None of rows that count none."""
        return [self._place(row) for row in rows]

    def _place(self, row: Mapping[str, Any]) -> int | None:
        kind = row["kind"]
        if kind in _NONE:
            return len(self.listed) - len(_NONE) + _NONE.index(kind)
        if kind not in ("bin", "value", "near"):
            return None
        value = float(row["key"])
        if kind == "bin":
            low, high = (float(each[0]) for each in self.grid.edges(np.array([int(row["key"])])))
            value = low / 2 + high / 2
        elif (at := int(np.searchsorted(self.values, value))) < len(self.values) and self.values[at] == value:
            return at
        return len(self.values) + int(np.searchsorted(self.cuts, value, side="right"))


@dataclass(frozen=True, slots=True)
class CategoryBuckets:
    """The buckets of a category: its values that are known to anybody, all others, and none."""

    listed: Sequence[Bucket]

    @classmethod
    def of(cls, values: Sequence[str]) -> CategoryBuckets:
        """The buckets of some values."""
        known = [Bucket("category", None, each) for each in values]
        return cls([*known, Bucket("rest"), Bucket("null")])

    def places(self, rows: Sequence[Mapping[str, Any]]) -> list[int | None]:
        """The bucket of each row of a profile; None of rows that count none."""
        known = {each.category: place for place, each in enumerate(self.listed) if each.kind == "category"}
        rest = len(known)
        found = {"rest": rest, "null": rest + 1}
        return [
            known.get(row["category"], rest) if row["kind"] == "category" else found.get(row["kind"])
            for row in rows
        ]


def allowed_values(monitor: Monitor, column: ProfiledColumn) -> list[str]:
    """The values of a category that the monitor itself names; empty if it names none."""
    if column.kind == "decision":
        return ["false", "true"]
    if column.role == "feature":
        feature = monitor.features[column.name]
        named = ["false", "true"] if feature.type == "boolean" else feature.allowed or ()
    elif column.role == "status":
        named = monitor.logs.ok_statuses
    else:
        named = next((each.allowed for each in outputs(monitor) if each.column == column.name), ())
    return sorted({str(each).lower() if isinstance(each, bool) else str(each) for each in named})


def unnamed_columns(monitor: Monitor) -> list[str]:
    """The features of which values are not told apart, since the monitor names none."""
    return [
        each.name
        for each in profiled_columns(monitor)
        if each.role == "feature" and not each.numeric and not allowed_values(monitor, each)
    ]


def bins_of(grid: NumericGrid, values: FloatArray) -> list[int]:
    """The bins of some numbers on a grid."""
    frame = nw.from_native(pa.table({"value": pa.array(values, pa.float64())}), eager_only=True)
    return [int(each) for each in frame.select(bin=grid.bin(nw.col("value")))["bin"].to_list()]

"""What a profile may say of few rows: nothing. Small segment cells go, small counts join their neighbours.

Every count of a profile that has been through here is of `least` rows or more, and so are the differences
between a cut's cells and all rows: where one cell alone is too small, the next smallest one goes with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.federation.points import grouped
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import values_of
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.grid import CategoryGrid, Grids, NumericGrid
from obs_dagster.profile.profile import SCHEMA, merge_rows, slices

Cell = tuple[str, str]
"""Version and segment."""

_POINTS = ("bin", "value", "near")
#: Of one cell alone that is left out the rows would be known from the others.
_FEWEST = 2


@dataclass(slots=True)
class LeftOut:
    """What a profile does not say any more.

    Attributes:
        cells: segment cells that were left out.
        cell_rows: rows in them, cut by cut.
        versions: versions with too few rows, which are left out whole.
        moved: rows by column that are counted with a neighbour, of all rows of a version.
        dropped: rows by column that are counted nowhere, since there were few of their kind.
    """

    cells: int = 0
    cell_rows: int = 0
    versions: int = 0
    moved: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


def hidden_cells(rows: Mapping[Cell, int], least: int) -> set[Cell]:
    """The cells that are left out: too small ones, and as many others as keep these from being known.

    Cells of a cut add up to all rows, and to the cells of a coarser cut. So of the cells that add up to one
    that is told none is left out alone, nor several with too few rows together; and with a cell that is left
    out its parts are.

    Args:
        rows: how many each cell has, all rows of a version under the segment `*`.
        least: rows that what is said is at least of.
    """
    hidden = {cell for cell, n in rows.items() if n < least}
    sums = _sums(rows)
    before = -1
    while before != len(hidden):
        before = len(hidden)
        for whole, parts in sums:
            if whole in hidden:
                hidden.update(parts)
                continue
            without = [cell for cell in parts if cell in hidden]
            left = sorted((cell for cell in parts if cell not in hidden), key=lambda cell: (rows[cell], cell))
            while (
                without and left and (len(without) < _FEWEST or sum(rows[each] for each in without) < least)
            ):
                without.append(left.pop(0))
                hidden.add(without[-1])
    return hidden


def _sums(rows: Mapping[Cell, int]) -> list[tuple[Cell, list[Cell]]]:
    """The cells that others add up to, each with these: by every finer cut that there is."""
    values = {cell: frozenset(values_of(cell[1]).items()) for cell in rows}
    names = {(cell[0], part): cell for cell, part in values.items()}
    cuts = {frozenset(name for name, _ in part) for part in values.values()}
    found: dict[tuple[Cell, frozenset[str]], list[Cell]] = {}
    for cell, part in values.items():
        cut = frozenset(name for name, _ in part)
        for coarser in cuts:
            whole = (cell[0], frozenset(each for each in part if each[0] in coarser))
            if coarser < cut and whole in names:
                found.setdefault((names[whole], cut), []).append(cell)
    return [(whole, parts) for (whole, _), parts in found.items()]


def without_cells(table: pa.Table, hidden: Iterable[Cell]) -> pa.Table:
    """The rows of a table of counts that are of other cells."""
    gone = set(hidden)
    versions, segments = table["version"].to_pylist(), table["segment"].to_pylist()
    return table.filter(
        pa.array([cell not in gone for cell in zip(versions, segments, strict=True)], pa.bool_())
    )


def rows_of_cells(profile: pa.Table) -> dict[Cell, int]:
    """How many rows each cell of a profile has."""
    found: dict[Cell, int] = {}
    for row in profile.filter(pc.equal(profile["column"], "")).to_pylist():
        found[row["version"], row["segment"]] = found.get((row["version"], row["segment"]), 0) + row["n"]
    return found


def without_small_counts(
    profile: pa.Table, grids: Grids, least: int, hidden: Collection[Cell]
) -> tuple[pa.Table, LeftOut]:
    """A profile of one day that says nothing of fewer than `least` rows, and what was left out of it.

    Args:
        profile: rows of `SCHEMA`, sorted.
        grids: what they are counted on.
        least: rows.
        hidden: cells that are left out.
    """
    told, cells = LeftOut(), rows_of_cells(profile)
    gone = [cell for cell in cells if cell in hidden]
    told.versions = sum(segment == WHOLE for _, segment in gone)
    told.cells = len(gone) - told.versions
    told.cell_rows = sum(cells[cell] for cell in gone if cell[1] != WHOLE)
    kept = without_cells(profile, hidden)
    parts = [SCHEMA.empty_table()]
    for (column, _, segment), (start, length) in slices(kept, ["column", "version", "segment"]).items():
        rows = kept.slice(start, length)
        if column:
            grid = grids.columns[column]
            whole = segment == WHOLE
            if isinstance(grid, CategoryGrid):
                rows = _categories(rows, least, told, column if whole else "")
            else:
                rows = _numbers(rows, grid if whole else grid.joined, least, told, column if whole else "")
        parts.append(rows)
    return merge_rows(pa.concat_tables(parts)), told


def _categories(rows: pa.Table, least: int, told: LeftOut, column: str) -> pa.Table:
    """The counts of a category: values of few rows are among the rest."""
    listed = rows.to_pylist()
    values = sorted(
        (each for each in listed if each["kind"] == "category"),
        key=lambda each: (each["n"], each["category"]),
    )
    rest = [each for each in listed if each["kind"] == "rest"]
    small = [each for each in values if each["n"] < least]
    # too few together: values that could be told go with them
    while (small or rest) and len(small) < len(values) and _sum([*small, *rest]) < least:
        small.append(values[len(small)])
    kept = values[len(small) :] + [each for each in listed if each["kind"] not in ("category", "rest")]
    if small or rest:
        # of values that are few, no more is known than that
        most = max(
            [float(least - 1), *(each["n"] for each in small), *(each["total"] or 0.0 for each in rest)]
        )
        kept.append(_row(listed[0], "rest", _sum([*small, *rest])) | {"total": most})
    if column:
        told.moved[column] += _sum(small)
    return _table(_folded(kept, least, told, column))


def _numbers(rows: pa.Table, grid: NumericGrid, least: int, told: LeftOut, column: str) -> pa.Table:
    """The counts of a number: points of few rows are put together, and extremes are those of bins."""
    listed = rows.to_pylist()
    points = [each for each in listed if each["kind"] in _POINTS]
    others = [each for each in listed if each["kind"] not in (*_POINTS, "moments")]
    if _sum(points) < least:
        # of so few values no sum is told either
        few = [_row(listed[0], "few", _sum(points))] if points else []
        return _table(_folded([*others, *few], least, told, column))
    place = _places(points, grid)
    order = np.argsort(place[:, 0], kind="stable")
    groups = grouped(np.array([points[each]["n"] for each in order], dtype=np.int64), least)
    kept = []
    for number in range(int(groups[-1]) + 1):
        members = [points[each] for each in order[groups == number]]
        most = max(members, key=lambda each: int(each["n"]))
        # one row's value is what an extreme is, unless all rows have it
        alone = len(members) == 1 and most["minimum"] == most["maximum"]
        ends = {} if alone else {"minimum": None, "maximum": None}
        kept.append(most | {"n": _sum(members)} | ends)
        if column:
            told.moved[column] += _sum(members) - most["n"]
    outer = {"minimum": float(place[:, 1].min()), "maximum": float(place[:, 2].max())}
    moments = [each | outer for each in listed if each["kind"] == "moments"]
    return _table([*_folded([*kept, *others], least, told, column), *moments])


def _folded(rows: list[dict[str, Any]], least: int, told: LeftOut, column: str) -> list[dict[str, Any]]:
    """The counts of a cell, with those of few rows added to the largest; none if all are few together.

    Left out they would be known, as what the others lack of all rows.
    """
    few = [each for each in rows if each["n"] < least]
    if not few:
        return rows
    largest = max(rows, key=lambda each: int(each["n"]))
    others = [each for each in rows if each["n"] >= least and each is not largest]
    n = largest["n"] + _sum(each for each in few if each is not largest)
    if n < least or largest["kind"] == "few":
        if column:
            told.dropped[column] += n
        return others
    if column:
        told.moved[column] += n - largest["n"]
    return [*others, largest | {"n": n}]


def _places(points: list[dict[str, Any]], grid: NumericGrid) -> FloatArray:
    """Where each point lies, and the least and the greatest number in it, shape (k, 3)."""
    keys = np.array([each["key"] for each in points], dtype=np.float64)
    binned = np.array([each["kind"] == "bin" for each in points])
    places = np.stack([keys, keys, keys], axis=1)
    low, high = grid.edges(keys[binned].astype(np.int64))
    places[binned] = np.stack([low / 2 + high / 2, low, high], axis=1)
    return places


def _sum(rows: Iterable[Mapping[str, Any]]) -> int:
    return sum(int(each["n"]) for each in rows)


def _row(like: Mapping[str, Any], kind: str, n: int) -> dict[str, Any]:
    """A count of another kind, of the same column and cell."""
    key = ("version", "segment", "column")
    return dict.fromkeys(SCHEMA.names) | {name: like[name] for name in key} | {"kind": kind, "n": n}


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, SCHEMA)

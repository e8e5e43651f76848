"""Grids from baseline rows: the shape of each number, the frequent values of each category."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import ProfiledColumn, profiled_columns
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.grid import LATENCY_GRID, CategoryGrid, Grid, Grids
from obs_dagster.profile.grids.learned import described_once, learn, with_learned
from obs_dagster.profile.grids.nearness import nearness, rounded, typical_values
from obs_dagster.profile.grids.sample import sample_numbers
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.grids.shape import fit_shape

#: A number with at most this many distinct values in the baseline is counted by value.
MOST_EXACT_VALUES = 256
#: So many of a category's values are listed from the first baseline at most: they are the quickest to count.
MOST_CATEGORIES = 1_000
#: So many where they have segment cells of their own, and so many with those that come later.
MOST_FIRST_CELLS, MOST_CELLS = 200, 400
#: What is near a value has so many forms as a 32-bit float at most.
_ROUNDINGS = 17
#: What the first rows of a sample show more values of need not be counted in all rows.
_FIRST_ROWS = 4096
#: Columns that are sampled at once.
_COLUMNS = 128


def fit_grids(rows: nw.LazyFrame[Any], monitor: Monitor) -> Grids:
    """Choose the grid of every profiled column from baseline rows.

    Args:
        rows: baseline rows with the monitor's columns; a column that is absent gets the grid of one
            without values.
        monitor: the monitor that names the columns.
    """
    learned = learn(rows, monitor)
    rows = with_learned(rows, monitor, Grids({}, learned))
    present = set(rows.collect_schema().names())
    fitting = [
        each
        for each in profiled_columns(monitor)
        if each.role != "latency" and each.kind in ("number", "category") and each.name in present
    ]
    cut = {name for cut in monitor.outcome_cuts for name in cut}
    rows = described_once(rows, monitor, [each.name for each in fitting])
    fitted = _fit_numbers(rows, [each.name for each in fitting if each.numeric]) | {
        each.name: _fit_category(rows, each.name, MOST_FIRST_CELLS if each.name in cut else MOST_CATEGORIES)
        for each in fitting
        if not each.numeric
    }
    columns = {each.name: fitted.get(each.name, _unfitted(each)) for each in profiled_columns(monitor)}
    return Grids(columns, learned)


def _unfitted(column: ProfiledColumn) -> Grid:
    """The grid of a column that is not fitted to rows."""
    if column.kind == "score":
        return ScoreGrid()
    if column.role == "latency":
        return LATENCY_GRID
    if column.kind == "decision":
        return CategoryGrid()
    return AsinhGrid(centre=0.0, scale=1.0) if column.numeric else CategoryGrid(top=())


def _fit_numbers(rows: nw.LazyFrame[Any], names: Sequence[str]) -> dict[str, Grid]:
    fitted: dict[str, Grid] = {}
    for start in range(0, len(names), _COLUMNS):
        samples = sample_numbers(rows, names[start : start + _COLUMNS])
        with ThreadPoolExecutor() as pool:
            shapes = dict(zip(samples, pool.map(fit_shape, samples.values()), strict=True))
        fitted |= {name: _by_value(rows, name, samples[name], shape) for name, shape in shapes.items()}
    return fitted


def _by_value(rows: nw.LazyFrame[Any], name: str, sample: FloatArray, shape: AsinhGrid) -> AsinhGrid:
    """The grid that counts by value, where a column has few; else the one that its sample has given."""
    first = sample[:_FIRST_ROWS]
    if len(np.unique(first)) <= MOST_EXACT_VALUES:
        values = _distinct(rows, nw.col(name).cast(nw.Float64), MOST_EXACT_VALUES)
        return replace(shape, exact=tuple(values), zones=()) if values else shape
    levels = typical_values(sample)
    if not 0 < len(levels) <= MOST_EXACT_VALUES:
        return shape
    grid = replace(shape, exact=tuple(levels), zones=())
    # few values, and numbers that are as good as equal to them
    found = _distinct(rows, rounded(nw.col(name).cast(nw.Float64)), _ROUNDINGS * MOST_EXACT_VALUES)
    near = nearness(grid.exact, grid.scale)
    return grid if found and near.hold(np.array(found)).all() else shape


def _distinct(rows: nw.LazyFrame[Any], value: nw.Expr, most: int) -> list[float]:
    """The distinct finite values, ascending; none if there are more than so many."""
    finite = rows.select(value=value).filter(nw.col("value").is_finite())
    found = finite.unique().head(most + 1).collect("pyarrow")["value"].to_list()
    return sorted(found) if len(found) <= most else []


def with_new_cells(grids: Grids, rows: nw.LazyFrame[Any], monitor: Monitor) -> Grids:
    """The grids with a segment cell for every value of rows that has none, as long as there is room.

    A value gets its cell on the first of the days that it occurs on, or never: so no cell lacks a part of its
    rows, in whatever order days come.
    """
    cut = {column for each in monitor.outcome_cuts for column in each}
    rows = with_learned(rows, monitor, grids, cut)
    found, present = dict(grids.columns), set(rows.collect_schema().names())
    for name in sorted(cut & present):
        grid = found[name]
        if isinstance(grid, CategoryGrid) and grid.top is not None and len(grid.top) < MOST_CELLS:
            new = _frequent(rows, name, MOST_CELLS - len(grid.top), known=grid.top)
            found[name] = replace(grid, top=(*grid.top, *new))
    return replace(grids, columns=found) if found != grids.columns else grids


def _fit_category(rows: nw.LazyFrame[Any], name: str, most: int) -> CategoryGrid:
    return CategoryGrid(top=tuple(_frequent(rows, name, most)))


def _frequent(rows: nw.LazyFrame[Any], name: str, most: int, *, known: Sequence[str] = ()) -> list[str]:
    """The values of a category that are not known yet, the most frequent first."""
    value = nw.col("value")
    values = rows.select(value=nw.col(name).cast(nw.String)).filter(~value.is_null())
    if known:
        values = values.filter(~value.is_in(list(known)))
    counts = values.group_by("value").agg(n=nw.len())
    found: list[str] = (
        counts.sort("n", "value", descending=[True, False]).head(most).collect("pyarrow")["value"].to_list()
    )
    return found

"""Grids from baseline rows: the shape of each number, the frequent values of each category."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.asinh_grid import AsinhGrid
from obs_dagster.profile.columns import ProfiledColumn, profiled_columns
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grid import LATENCY_GRID, CategoryGrid, Grid, Grids
from obs_dagster.profile.sample import sample_numbers
from obs_dagster.profile.score_grid import ScoreGrid
from obs_dagster.profile.shape import fit_shape

#: A number with at most this many distinct values in the baseline is counted by value.
MOST_EXACT_VALUES = 256
#: A category keeps counts of its own for at most this many values.
MOST_CATEGORIES = 200
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
    present = set(rows.collect_schema().names())
    features = [each for each in profiled_columns(monitor) if each.role == "feature" and each.name in present]
    fitted = _fit_numbers(rows, [each.name for each in features if each.numeric]) | {
        each.name: _fit_category(rows, each.name) for each in features if not each.numeric
    }
    return Grids({each.name: fitted.get(each.name, _unfitted(each)) for each in profiled_columns(monitor)})


def _unfitted(column: ProfiledColumn) -> Grid:
    """The grid of a column that is not fitted to rows."""
    if column.role == "score":
        return ScoreGrid()
    if column.role == "latency":
        return LATENCY_GRID
    return AsinhGrid(centre=0.0, scale=1.0) if column.numeric else CategoryGrid()


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
    if len(np.unique(sample[:_FIRST_ROWS])) > MOST_EXACT_VALUES:
        return shape
    value = nw.col(name).cast(nw.Float64)
    distinct = (
        rows.select(value=value).filter(nw.col("value").is_finite()).unique().head(MOST_EXACT_VALUES + 1)
    )
    values = distinct.collect("pyarrow")["value"].to_list()
    return (
        replace(shape, exact=tuple(sorted(values)), zones=()) if len(values) <= MOST_EXACT_VALUES else shape
    )


def _fit_category(rows: nw.LazyFrame[Any], name: str) -> CategoryGrid:
    values = rows.select(value=nw.col(name).cast(nw.String)).filter(~nw.col("value").is_null())
    counts = values.group_by("value").agg(n=nw.len())
    top = counts.sort("n", "value", descending=[True, False]).head(MOST_CATEGORIES)
    return CategoryGrid(top=tuple(top.collect("pyarrow")["value"].to_list()))

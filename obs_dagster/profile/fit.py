"""Grids from baseline rows: the median and spread of each number, the frequent values of each category."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import narwhals as nw

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import ProfiledColumn, profiled_columns
from obs_dagster.profile.grid import LATENCY_GRID, AsinhGrid, CategoryGrid, Grid, Grids, UnitGrid

#: A number with at most this many distinct values in the baseline is counted by value.
MOST_EXACT_VALUES = 256
#: A category keeps counts of its own for at most this many values.
MOST_CATEGORIES = 200


def fit_grids(rows: nw.LazyFrame[Any], monitor: Monitor) -> Grids:
    """Choose the grid of every profiled column from baseline rows.

    Args:
        rows: baseline rows with the monitor's columns; a column that is absent gets the grid of one
            without values.
        monitor: the monitor that names the columns.
    """
    present = set(rows.collect_schema().names())
    return Grids(
        {
            column.name: _fit(rows, column, known=column.name in present)
            for column in profiled_columns(monitor)
        }
    )


def _fit(rows: nw.LazyFrame[Any], column: ProfiledColumn, *, known: bool) -> Grid:
    if column.role == "score":
        return UnitGrid()
    if column.role == "latency":
        return LATENCY_GRID
    if column.role in ("status", "prediction"):
        return CategoryGrid()
    if not known:
        return AsinhGrid(centre=0.0, scale=1.0) if column.numeric else CategoryGrid()
    return _fit_numeric(rows, column.name) if column.numeric else _fit_category(rows, column.name)


def _fit_numeric(rows: nw.LazyFrame[Any], name: str) -> AsinhGrid:
    value = nw.col(name).cast(nw.Float64)
    finite = rows.select(value=value).filter(nw.col("value").is_finite())
    value = nw.col("value")
    summary = finite.select(
        n=nw.len(),
        lower=value.quantile(0.25, interpolation="linear"),
        centre=value.median(),
        upper=value.quantile(0.75, interpolation="linear"),
        spread=value.std(),
        distinct=value.n_unique(),
    ).collect("pyarrow")
    found = {key: column[0] for key, column in summary.to_dict(as_series=False).items()}
    if not found["n"]:
        return AsinhGrid(centre=0.0, scale=1.0)
    # Half the rows on one value leave no interquartile range; the standard deviation stands in for it.
    scale = (found["upper"] - found["lower"]) / 2 or found["spread"] or 1.0
    exact: Iterable[float] = ()
    if found["distinct"] <= MOST_EXACT_VALUES:
        values = finite.select("value").unique().collect("pyarrow")
        exact = sorted(values["value"].to_list())
    return AsinhGrid(centre=float(found["centre"]), scale=float(scale), exact=tuple(exact))


def _fit_category(rows: nw.LazyFrame[Any], name: str) -> CategoryGrid:
    counts = (
        rows.select(value=nw.col(name).cast(nw.String))
        .filter(~nw.col("value").is_null())
        .group_by("value")
        .agg(n=nw.len())
        .collect("pyarrow")
        .to_dict(as_series=False)
    )
    ranked = sorted(zip(counts["n"], counts["value"], strict=True), key=lambda pair: (-pair[0], pair[1]))
    return CategoryGrid(top=tuple(value for _, value in ranked[:MOST_CATEGORIES]))

"""Grids from baseline rows: the median and spread of each number, the frequent values of each category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import pyarrow.compute as pc

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import ProfiledColumn, profiled_columns
from obs_dagster.profile.grid import LATENCY_GRID, AsinhGrid, CategoryGrid, Grid, Grids, UnitGrid
from obs_dagster.sources.quoting import identifier

#: A number with at most this many distinct values in the baseline is counted by value.
MOST_EXACT_VALUES = 256
#: A category keeps counts of its own for at most this many values.
MOST_CATEGORIES = 200
#: What the first rows show more values of need not be counted in all rows.
_FIRST_ROWS = 10_000
#: Columns whose values are sorted at once, 8 bytes each.
_COLUMNS = 4
_QUARTILES = (0.25, 0.5, 0.75)
_NOTHING = (None,) * len(_QUARTILES)


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
        return UnitGrid()
    if column.role == "latency":
        return LATENCY_GRID
    return AsinhGrid(centre=0.0, scale=1.0) if column.numeric else CategoryGrid()


def _fit_numbers(rows: nw.LazyFrame[Any], names: Sequence[str]) -> dict[str, Grid]:
    if not names:
        return {}
    finite = rows.select(**{name: _finite(name) for name in names})
    first = finite.head(_FIRST_ROWS).collect("pyarrow").to_native()
    grids: dict[str, Grid] = {}
    for start in range(0, len(names), _COLUMNS):
        for name, quartiles in _quartiles(finite, names[start : start + _COLUMNS]).items():
            few = len(pc.unique(first[name])) <= MOST_EXACT_VALUES + 1
            grids[name] = _fit_number(
                finite.select(value=name).filter(~nw.col("value").is_null()), quartiles, few=few
            )
    return grids


def _finite(name: str) -> nw.Expr:
    """A column's finite values, null elsewhere."""
    value = nw.col(name).cast(nw.Float64)
    return nw.when(value.is_finite()).then(value)


def _quartiles(finite: nw.LazyFrame[Any], names: Sequence[str]) -> dict[str, tuple[float | None, ...]]:
    """The quartiles of columns, linearly interpolated; None where a column has no values."""
    if finite.implementation is nw.Implementation.DUCKDB:
        # one sorted list for all three, where expressions would have one each
        wanted = ", ".join(f"quantile_cont({identifier(name)}, {list(_QUARTILES)})" for name in names)
        [row] = finite.to_native().aggregate(wanted).fetchall()
        return {name: tuple(found or _NOTHING) for name, found in zip(names, row, strict=True)}
    quantiles = {
        f"{place}_{part}": nw.col(name).quantile(share, interpolation="linear")
        for place, name in enumerate(names)
        for part, share in enumerate(_QUARTILES)
    }
    found = finite.select(**quantiles).collect("pyarrow").to_dict(as_series=False)
    return {
        name: tuple(found[f"{place}_{part}"][0] for part in range(len(_QUARTILES)))
        for place, name in enumerate(names)
    }


def _fit_number(values: nw.LazyFrame[Any], quartiles: Sequence[float | None], *, few: bool) -> AsinhGrid:
    """The grid of a column with these values, which are few as far as the first rows tell."""
    lower, centre, upper = quartiles
    if lower is None or centre is None or upper is None:
        return AsinhGrid(centre=0.0, scale=1.0)
    scale = (upper - lower) / 2
    if not scale:
        # half the rows on one value leave no interquartile range; the standard deviation stands in for it
        scale = values.select(spread=nw.col("value").std()).collect("pyarrow")["spread"][0] or 1.0
    exact: Sequence[float] = ()
    if few:
        distinct = values.unique().head(MOST_EXACT_VALUES + 1).collect("pyarrow")["value"].to_list()
        exact = sorted(distinct) if len(distinct) <= MOST_EXACT_VALUES else ()
    return AsinhGrid(centre=float(centre), scale=float(scale), exact=tuple(exact))


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

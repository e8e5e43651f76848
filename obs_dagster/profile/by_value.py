"""Categories counted by value, whatever values come: exactly, up to a bound on how many are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import VERSION, cell_key, named_version, reductions, rolled_up, with_cell_keys
from obs_dagster.profile.distribution import IntArray
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import KEYS, SCHEMA, merge_rows, slices

#: Values of a column that are counted by themselves over all rows of a version's day: each value that more
#: than a ten-thousandth of the rows have is among them, the smallest share that PSI tells from none.
MOST_VALUES = 10_000
#: Likewise in a segment cell.
MOST_VALUES_OF_CELL = 1_000
_ADDED = {"n": "sum", "total": "sum"}


def reduce_values(
    rows: nw.LazyFrame[Any],
    monitor: Monitor,
    grids: Grids,
    by: Sequence[str],
    columns: Mapping[str, Sequence[str]],
) -> pa.Table:
    """The counts of categorical columns, with the text columns `by` before those of `SCHEMA`.

    The most frequent values of a cell have a count each. What the others have is one count of kind `rest`,
    with the rows of the most frequent of them in `total`.

    Args:
        rows: rows of the log.
        monitor: names the version and the segments.
        grids: the values that have a segment cell of their own.
        by: text columns whose values are kept apart, as the day.
        columns: the columns to count, and of each the values whose counts are known already; where there are
            such, nulls are known too.
    """
    schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
    if not columns:
        return schema.empty_table()
    present = set(rows.collect_schema().names())
    tables = []
    for finest, cuts in reductions([cut for cut in monitor.cuts if present.issuperset(cut)]).items():
        keyed = with_cell_keys(rows, monitor, finest, grids)
        keys = [*by, VERSION, *(cell_key(column) for column in finest)]
        branches = [_counted(keyed, keys, name, known) for name, known in columns.items()]
        counted = named_version(nw.concat(branches, how="vertical").collect("pyarrow").to_native())
        tables += rolled_up(counted, cuts, [*by, "version", "column", "kind", "category"], _ADDED)
    return _kept(pa.concat_tables(tables), by, schema)


def _counted(
    keyed: nw.LazyFrame[Any], keys: Sequence[str], column: str, known: Sequence[str]
) -> nw.LazyFrame[Any]:
    """The counts of one column in the finest cells, of kind `category`, `rest` and `null`."""
    value, n = nw.col("category"), nw.col("n")
    texts = keyed.select(*keys, category=nw.col(column).cast(nw.String))
    if known:
        texts = texts.filter(~value.is_null() & ~value.is_in(list(known)))
    counts = texts.group_by(*keys, "category").agg(n=nw.len()).with_columns(fewer=-n)
    place = value.cum_count().over(*keys, order_by=["fewer", "category"])
    kind = (
        nw.when(value.is_null())
        .then(nw.lit("null"))
        .when(place <= MOST_VALUES)
        .then(nw.lit("category"))
        .otherwise(nw.lit("rest"))
    )
    ranked = counts.with_columns(kind=kind)
    named = ranked.with_columns(category=nw.when(nw.col("kind") == "category").then(value))
    grouped = named.group_by(*keys, "kind", "category").agg(n=n.sum(), most=n.max())
    most = nw.when(nw.col("kind") == "rest").then(nw.col("most")).cast(nw.Float64)
    return grouped.select(*keys, "kind", "category", n=n.cast(nw.Int64), total=most, column=nw.lit(column))


def _kept(table: pa.Table, by: Sequence[str], schema: pa.Schema) -> pa.Table:
    """The counts, with those values of a cell that are too many moved to its rest."""
    cell = [*by, "column", "version", "segment"]
    orders = [(name, "ascending") for name in (*cell, "kind")] + [
        ("n", "descending"),
        ("category", "ascending"),
    ]
    ordered = table.sort_by(orders)
    most = pc.if_else(pc.equal(ordered["segment"], WHOLE), MOST_VALUES, MOST_VALUES_OF_CELL)
    over = pc.and_(
        pc.equal(ordered["kind"], "category"),
        pc.greater_equal(pa.array(_places(ordered, [*cell, "kind"])), most),
    )
    rest = ordered.filter(over).group_by(cell).aggregate([("n", "sum"), ("n", "max")])
    parts = [ordered.filter(pc.invert(over)), rest.rename_columns([*cell, "n", "total"])]
    return merge_rows(pa.concat_tables(_whole(part, schema) for part in parts), [*by, *KEYS])


def _places(ordered: pa.Table, keys: Sequence[str]) -> IntArray:
    """The place of each row among those with its keys, by which the table is sorted; from 0 on."""
    starts = np.zeros(len(ordered), dtype=np.int64)
    for start, length in slices(ordered, keys).values():
        starts[start : start + length] = start
    return np.arange(len(ordered)) - starts


def _whole(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows with every column of a schema; those without a kind are of the rest."""
    columns = {
        field.name: part[field.name].cast(field.type)
        if field.name in part.column_names
        else pa.nulls(len(part), field.type)
        for field in schema
    }
    if "kind" not in part.column_names:
        columns["kind"] = pa.repeat(pa.scalar("rest"), len(part))
    return pa.table(columns, schema=schema)

"""The reduction for rows that any engine holds: one query in Narwhals expressions over a lazy frame.

Spark runs it; DuckDB could, and tests hold it equal to the compiled loops there. Every column is grouped by
(version, segment values, bin).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile import arrays
from obs_dagster.profile.by_value import reduce_values
from obs_dagster.profile.cells import (
    VERSION,
    cell_key,
    named_version,
    reductions,
    rolled_up,
    with_cell_keys,
)
from obs_dagster.profile.columns import profiled_columns
from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.grid import CategoryGrid, Grids, NumericGrid
from obs_dagster.profile.grids.nearness import nearness, rounded
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.profile import KEYS, SCHEMA, merge_rows

_BIN_KEYS = ["column", "kind", "key", "category"]
_COUNTED = {"n": "sum", "minimum": "min", "maximum": "max"}
#: The square root of the largest float.
_SQUARABLE = 1.3407807929942596e154
_SUMS = {"total": "sum", "total_sq": "sum", "minimum": "min", "maximum": "max"}


def reduce_frame(rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]) -> pa.Table:
    """The counts of `SCHEMA` with the text columns `by` before it, sorted.

    Args:
        rows: rows of the log; declared columns that they lack are left out.
        monitor: names the columns, the version and the segments.
        grids: the bins of each column.
        by: text columns whose values are kept apart, as the day.
    """
    present = set(rows.collect_schema().names())
    columns = [column for column in profiled_columns(monitor) if column.name in present]
    schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
    tables = [schema.empty_table()]
    fitted = {column.name: grids.columns[column.name] for column in columns}
    numeric = {name: grid for name, grid in fitted.items() if not isinstance(grid, CategoryGrid)}
    texts = fitted.keys() - numeric.keys()
    tables.append(reduce_values(rows, monitor, grids, by, dict.fromkeys(sorted(texts), ())))
    for finest, cuts in reductions([cut for cut in monitor.cuts if present.issuperset(cut)]).items():
        keyed = with_cell_keys(rows, monitor, finest, grids)
        keys = [*by, VERSION, *(cell_key(column) for column in finest)]
        branches = [_counts(keyed, keys, name, grid) for name, grid in numeric.items()]
        query = nw.concat([_row_counts(keyed, keys), *branches], how="vertical")
        counted = _with_near_values(named_version(query.collect("pyarrow").to_native()), numeric)
        wholes, parts = [cut for cut in cuts if not cut], [cut for cut in cuts if cut]
        for counts, wanted in ((counted, wholes), (_with_joined_bins(counted), parts)):
            tables += rolled_up(_bins(counts, numeric), wanted, [*by, "version", *_BIN_KEYS], _COUNTED)
        finite = counted.filter(pc.is_valid(counted["minimum"]))
        tables += rolled_up(_moments(finite), cuts, [*by, "version", "column", "kind"], {"n": "sum", **_SUMS})
    whole = pa.concat_tables(_with_all_columns(table, schema) for table in tables)
    return merge_rows(whole, [*by, *KEYS])


def _row_counts(keyed: nw.LazyFrame[Any], keys: list[str]) -> nw.LazyFrame[Any]:
    """How many rows each cell has, whatever is in their columns."""
    no_sums = {name: nw.lit(None).cast(nw.Float64) for name in _SUMS}
    return (
        keyed.group_by(*keys).agg(n=nw.len()).select(*keys, **_labels(kind="rows"), n=nw.col("n"), **no_sums)
    )


def _labels(*, column: str = "", kind: str | nw.Expr = "category", **key: nw.Expr) -> dict[str, nw.Expr]:
    """The key columns of a count, typed alike on every branch."""
    return {
        "column": nw.lit(column),
        "kind": nw.lit(kind) if isinstance(kind, str) else kind,
        "key": key.get("key", nw.lit(None).cast(nw.Float64)),
        "category": key.get("category", nw.lit(None).cast(nw.String)),
    }


def _counts(keyed: nw.LazyFrame[Any], keys: list[str], column: str, grid: NumericGrid) -> nw.LazyFrame[Any]:
    """A numeric column's counts and sums per (version, segment values, kind, key).

    Rows are grouped by numbers, and labelled after: hashing text per row costs several times as much.
    """
    value, number = nw.col("finite"), nw.col(column).cast(nw.Float64)
    finite = nw.when(number.is_finite()).then(number)
    grouped = keyed.select(*keys, **_number_key(number, grid), finite=finite, square=_squared(finite))
    counted = grouped.group_by(*keys, "code", "key").agg(
        n=nw.len(),
        total=value.sum(),
        total_sq=nw.col("square").sum(),
        minimum=value.min(),
        maximum=value.max(),
    )
    labels = _labels(column=column, kind=_kind(nw.col("code")), key=nw.col("key"))
    return counted.select(*keys, **labels, **{name: nw.col(name) for name in ("n", *_SUMS)})


def _squared(finite: nw.Expr) -> nw.Expr:
    """The square of each finite number, infinite or 0 where it is beyond floats: databases fail there."""
    size = finite.abs()
    return (
        nw.when(size > _SQUARABLE)
        .then(nw.lit(float("inf")))
        .when(size < 1 / _SQUARABLE)
        .then(nw.lit(0.0))
        .when(size <= _SQUARABLE)
        .then(finite * finite)
    )


#: What a number counts as, by code.
_KINDS = ("bin", "value", "null", "nan", "infinite", "near")


def _number_key(number: nw.Expr, grid: NumericGrid) -> dict[str, nw.Expr]:
    """What a number counts as, and under which key: its value if the grid lists it, else its bin."""
    code = (
        nw.when(number.is_null())
        .then(nw.lit(_KINDS.index("null")))
        .when(number.is_nan())
        .then(nw.lit(_KINDS.index("nan")))
        .when(~number.is_finite())
        .then(nw.lit(_KINDS.index("infinite")))
    )
    binned = nw.when(number.is_finite()).then(grid.bin(number))
    if not isinstance(grid, AsinhGrid) or not grid.exact:
        return {"code": code.otherwise(nw.lit(_KINDS.index("bin"))), "key": binned.cast(nw.Float64)}
    as_float = rounded(number)
    listed = number.is_in(list(grid.exact))
    near = nearness(grid.exact, grid.scale).holds(number, as_float)
    for kind, holds in (("value", listed), ("near", near)):
        code = code.when(holds).then(nw.lit(_KINDS.index(kind)))
    return {
        "code": code.otherwise(nw.lit(_KINDS.index("bin"))),
        # adding 0 makes -0.0 one with 0.0
        "key": nw.when(listed)
        .then(number + 0.0)
        .when(near)
        .then(as_float)
        .otherwise(binned.cast(nw.Float64)),
    }


def _kind(code: nw.Expr) -> nw.Expr:
    """The name of a code."""
    name = nw.when(code == 0).then(nw.lit(_KINDS[0]))
    for position, kind in enumerate(_KINDS[1:-1], start=1):
        name = name.when(code == position).then(nw.lit(kind))
    return name.otherwise(nw.lit(_KINDS[-1]))


def _with_joined_bins(counted: pa.Table) -> pa.Table:
    """The counts with the bins that segment cells have."""
    joined = pc.floor(pc.divide(counted["key"], float(1 << JOINED_BITS)))
    keys = pc.if_else(pc.equal(counted["kind"], "bin"), joined, counted["key"])
    return counted.set_column(counted.schema.get_field_index("key"), "key", keys)


def _with_near_values(counted: pa.Table, grids: Mapping[str, NumericGrid]) -> pa.Table:
    """The counts with the values that numbers are near for what these are as 32-bit floats."""
    keys = arrays.floats(counted["key"]).copy()
    for name, grid in grids.items():
        if isinstance(grid, AsinhGrid) and grid.exact:
            here = pc.and_(pc.equal(counted["column"], name), pc.equal(counted["kind"], "near"))
            rows = np.flatnonzero(here)
            keys[rows] = nearness(grid.exact, grid.scale).value_of(keys[rows])
    replaced = pa.array(keys, mask=np.isnan(keys))
    return counted.set_column(counted.schema.get_field_index("key"), "key", replaced)


def _bins(counted: pa.Table, grids: Mapping[str, NumericGrid]) -> pa.Table:
    """The counts without sums, of which only bins of scores keep their extremes."""
    scores = [name for name, grid in grids.items() if isinstance(grid, ScoreGrid)]
    kept = pc.and_(
        pc.equal(counted["kind"], "bin"), pc.is_in(counted["column"], pa.array(scores, pa.string()))
    )
    for name in ("minimum", "maximum"):
        place = counted.schema.get_field_index(name)
        counted = counted.set_column(place, name, pc.if_else(kept, counted[name], None))
    return counted


def _moments(counted: pa.Table) -> pa.Table:
    """The sums of the finite values, apart from the bins that they were counted in."""
    kind = pa.repeat(pa.scalar("moments"), counted.num_rows)
    no_rows = pa.repeat(pa.scalar(0, pa.int64()), counted.num_rows)
    return counted.drop_columns(["kind", "n"]).append_column("kind", kind).append_column("n", no_rows)


def _with_all_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with every column of the schema, nulls where it says nothing."""
    return pa.table(
        {
            field.name: table[field.name].cast(field.type)
            if field.name in table.column_names
            else pa.nulls(table.num_rows, field.type)
            for field in schema
        },
        schema=schema,
    )

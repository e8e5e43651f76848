"""Segment cells: the keys that rows are grouped by, and coarser cells as sums of finer ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.system import PART_CUT
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.distribution import OTHER
from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.profile.profile import merge_rows

Cut = tuple[str, ...]

VERSION = "_obs_version"
NULL = "(null)"
#: What a value is written as, so that it cannot pass for another cell's name, nor for none.
_ESCAPES = (("%", "%25"), (",", "%2C"), ("=", "%3D"), (NULL, "%28null)"))


def cell_key(column: str) -> str:
    """Name of the key column that holds a segment column's value."""
    return f"_obs_cell_{column}"


def reductions(cuts: Sequence[Cut]) -> dict[Cut, list[Cut]]:
    """The cuts that rows must be grouped by, and for each the declared cuts that follow by adding up.

    >>> reductions([(), ("origin",), ("carrier",), ("origin", "carrier")])
    {('origin', 'carrier'): [(), ('origin',), ('carrier',), ('origin', 'carrier')]}
    >>> reductions([(), ("origin",), ("carrier",)])
    {('origin',): [(), ('origin',)], ('carrier',): [('carrier',)]}
    """
    finest = [cut for cut in cuts if not any(set(cut) < set(other) for other in cuts)]
    plan: dict[Cut, list[Cut]] = {cut: [] for cut in finest}
    for cut in cuts:
        plan[next(finer for finer in finest if set(cut) <= set(finer))].append(cut)
    return plan


def with_cell_keys(rows: nw.LazyFrame[Any], monitor: Monitor, cut: Cut, grids: Grids) -> nw.LazyFrame[Any]:
    """Add the version and the cut's segment values as text keys; rare values share the cell `(other)`."""
    keys = {VERSION: nw.col(monitor.logs.columns.version).cast(nw.String)}
    for column in cut:
        keys[cell_key(column)] = category_text(column, grids)
    others = [name for name in rows.collect_schema().names() if name not in keys]
    return rows.select(*others, **keys)


def named_version(counted: pa.Table) -> pa.Table:
    """The counts with the version's key column under the name that profiles have for it."""
    return counted.rename_columns(["version" if name == VERSION else name for name in counted.column_names])


def category_text(column: str, grids: Grids) -> nw.Expr:
    """A categorical column as text, with values that have no count of their own gathered in one."""
    text = nw.col(column).cast(nw.String)
    grid = grids.columns[column]
    if not isinstance(grid, CategoryGrid) or grid.top is None:
        return text
    return nw.when(text.is_in(list(grid.top)) | text.is_null()).then(text).otherwise(nw.lit(OTHER))


def rolled_up(
    counted: pa.Table, cuts: Sequence[Cut], keys: Sequence[str], added: Mapping[str, str]
) -> list[pa.Table]:
    """One table per cut, with the cell's name in `segment` and the counts of finer cells added up.

    Args:
        counted: counts by `keys` and by the cell keys of every column that the cuts use.
        cuts: the cuts to produce.
        keys: the other columns that rows are keyed by, `version` among them.
        added: columns that are added up, and how ("sum", "min", "max").
    """
    tables = []
    for cut in cuts:
        named = counted.select([*keys, *added]).append_column("segment", _cell_names(counted, cut))
        tables.append(merge_rows(named, ["segment", *keys], added))
    return tables


def cell_name(cut: Cut, values: Sequence[str | None]) -> str:
    """The name of the cell with these values of the cut's columns.

    >>> cell_name(("origin", "carrier"), ["JFK", None])
    'origin=JFK,carrier=(null)'
    """
    if not cut:
        return WHOLE
    parts = []
    for column, value in zip(cut, values, strict=True):
        text = NULL if value is None else value
        for plain, escape in _ESCAPES if value is not None else ():
            text = text.replace(plain, escape)
        parts.append(f"{column}={text}")
    return ",".join(parts)


def cut_of(cell: str) -> Cut:
    """The columns that a cell's name cuts by.

    >>> cut_of("origin=JFK,carrier=AA"), cut_of("*")
    (('origin', 'carrier'), ())
    """
    return () if cell == WHOLE else tuple(part.partition("=")[0] for part in cell.split(","))


def values_of(cell: str) -> dict[str, str | None]:
    """The values that a cell's name says, by column.

    >>> values_of("origin=JFK,carrier=(null)"), values_of("*")
    ({'origin': 'JFK', 'carrier': None}, {})
    """
    found: dict[str, str | None] = {}
    for part in () if cell == WHOLE else cell.split(","):
        column, _, value = part.partition("=")
        for plain, escape in reversed(_ESCAPES):
            value = value if value == NULL else value.replace(escape, plain)
        found[column] = None if part.endswith(f"={NULL}") else value
    return found


def is_cell(watched: str, cell: str) -> bool:
    """Whether a cell is one that a rule names: itself, all of its columns, or by a pattern of values.

    >>> is_cell("origin", "origin=JFK"), is_cell("origin=J*", "origin=JFK"), is_cell("origin", "*")
    (True, True, False)
    >>> is_cell("component rerank*=failed", "component reranker bge=failed")
    True
    """
    if WHOLE in {watched, cell}:
        return watched == cell
    columns = ",".join(cut_of(cell))
    if watched in {columns, cell}:
        return True
    # a pattern stands for values, not for other columns; what a component is called is a value too
    if watched.startswith(PART_CUT):
        return fnmatchcase(cell, watched)
    return "=" in watched and ",".join(cut_of(watched)) == columns and fnmatchcase(cell, watched)


def _cell_names(counted: pa.Table, cut: Cut) -> pa.ChunkedArray | pa.Array:
    if not cut:
        return pa.repeat(pa.scalar(WHOLE), counted.num_rows)
    parts = []
    for column in cut:
        value = counted[cell_key(column)]
        for text, escape in _ESCAPES:
            value = pc.replace_substring(value, text, escape)
        parts.append(pc.binary_join_element_wise(column, pc.fill_null(value, NULL), "="))
    return pc.binary_join_element_wise(*parts, ",")

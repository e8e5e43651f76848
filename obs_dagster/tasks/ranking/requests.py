"""What the rankings of requests are worth, summed per version and segment cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa

from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.cells import (
    VERSION,
    Cut,
    cell_key,
    named_version,
    reductions,
    rolled_up,
    with_cell_keys,
)
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.tasks.ranking.placed_rows import (
    FOUND,
    GAIN,
    IDEAL,
    LABELLED,
    PLACE,
    PLACED,
    RELEVANT,
    REQUEST,
    SHARED,
    TURN,
    with_facts,
    with_places,
)
from obs_dagster.tasks.ranking.table import SCHEMA

MIXED = "(mixed)"
"""The segment value of a request whose rows have several."""

#: Counts of a cell, as the kinds of the table, and the values of requests per cut-off.
_COUNTS = ("requests", "evaluated", "relevant", "ordered")
_VALUES = ("ndcg", "map", "hit", "precision", "recall")


def reduce_requests(
    rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]
) -> Iterator[pa.Table]:
    """Tables of the outcomes' schema, the text columns `by` before it, without the rows of items.

    A request is what has one value in `by`, version and request column. It is in the segment cell that all
    its rows are in, and in that of the value `(mixed)` if they are in several.
    """
    present = set(rows.collect_schema().names())
    columns = _summed(monitor.ranking.at)
    for finest, cuts in reductions([cut for cut in monitor.cuts if present.issuperset(cut)]).items():
        keyed = with_facts(with_cell_keys(rows, monitor, finest, grids), monitor)
        counted = named_version(_cells(keyed, monitor, finest, by).collect("pyarrow").to_native())
        for cell in rolled_up(counted, cuts, [*by, "version"], dict.fromkeys(columns, "sum")):
            yield _melted(cell, monitor.ranking.at, by)


def valued_requests(rows: nw.LazyFrame[Any], monitor: Monitor, by: Sequence[str]) -> nw.LazyFrame[Any]:
    """Every request of rows that have a place, by the columns `by`, version and request.

    Returns:
        A frame with these columns, the values of requests down to each cut-off (`ndcg_10`), `mrr`, null where
        there was nothing to find, and `evaluated` and `ordered`, 1 or 0.
    """
    named = with_facts(rows.with_columns(**{VERSION: _version(monitor)}), monitor).filter(nw.col(PLACED))
    within = [*by, VERSION, REQUEST, PLACED]
    placed = with_places(named, within, served=monitor.logs.columns.rank is not None)
    return _valued(_requests(placed, monitor, (), within), monitor.ranking.at, ())


def _version(monitor: Monitor) -> nw.Expr:
    return nw.col(monitor.logs.columns.version).cast(nw.String)


def _summed(cutoffs: Sequence[int]) -> list[str]:
    """The columns that cells are added up by."""
    values = ["mrr", *(f"{value}_{k}" for value in _VALUES for k in cutoffs)]
    sums = [f"{value}_{part}" for value in values for part in ("n", "total", "sq")]
    return ["rows", "labelled", *_COUNTS, *sums]


def _cells(keyed: nw.LazyFrame[Any], monitor: Monitor, cut: Cut, by: Sequence[str]) -> nw.LazyFrame[Any]:
    """The sums of every cell of a cut."""
    within = [*by, VERSION, REQUEST, PLACED]
    placed = with_places(keyed, within, served=monitor.logs.columns.rank is not None)
    valued = _valued(_requests(placed, monitor, cut, within), monitor.ranking.at, cut)
    values = ["mrr", *(f"{value}_{k}" for value in _VALUES for k in monitor.ranking.at)]
    sums = {}
    for value in values:
        number = nw.col(value)
        sums[f"{value}_n"] = (~number.is_null()).cast(nw.Int64).sum()
        sums[f"{value}_total"] = number.sum()
        sums[f"{value}_sq"] = (number * number).sum()
    counts = {name: nw.col(name).sum() for name in ("rows", "labelled", *_COUNTS)}
    return valued.group_by(*by, VERSION, *(cell_key(column) for column in cut)).agg(**counts, **sums)


def _requests(
    placed: nw.LazyFrame[Any], monitor: Monitor, cut: Cut, within: Sequence[str]
) -> nw.LazyFrame[Any]:
    """One row per request, with what its values follow from."""
    place, relevant = nw.col(PLACE), nw.col(RELEVANT)
    facts = {
        "rows": nw.len(),
        "labelled": nw.col(LABELLED).sum(),
        "in_all": relevant.sum(),
        "gains": nw.col(GAIN).sum(),
        "first": nw.when(relevant == 1).then(place).min(),
    }
    for k in monitor.ranking.at:
        above = (relevant == 1) & (place <= k)
        facts[f"dcg_{k}"] = _discounted(SHARED, TURN, k).sum()
        facts[f"best_{k}"] = _discounted(GAIN, IDEAL, k).sum()
        facts[f"above_{k}"] = nw.when(above).then(1).otherwise(0).sum()
        facts[f"precisions_{k}"] = nw.when(above).then(nw.col(FOUND) / place).otherwise(0.0).sum()
    for column in cut:
        value = nw.col(cell_key(column))
        facts |= {
            f"least {column}": value.min(),
            f"greatest {column}": value.max(),
            f"null {column}": value.is_null().cast(nw.Int64).sum(),
        }
    return placed.group_by(*within).agg(**facts)


def _discounted(gain: str, turn: str, k: int) -> nw.Expr:
    discount = (nw.col(turn).cast(nw.Float64) + 1.0).log(2)
    return nw.when(nw.col(turn) <= k).then(nw.col(gain) / discount).otherwise(0.0)


def _valued(requests: nw.LazyFrame[Any], cutoffs: Sequence[int], cut: Cut) -> nw.LazyFrame[Any]:
    """The requests with their segment cell and their values, null where there was nothing to find."""
    placed, in_all = nw.col(PLACED), nw.col("in_all").cast(nw.Float64)
    evaluated = placed & (nw.col("labelled") > 0)
    relevant = evaluated & (in_all > 0)
    # grades whose sum no number holds leave nothing to divide by
    ordered = evaluated & (nw.col("rows") > 1) & nw.col("gains").is_finite()
    flags = {"requests": placed, "evaluated": evaluated, "relevant": relevant, "ordered": ordered}
    values = {"mrr": nw.when(relevant).then(1.0 / nw.col("first").cast(nw.Float64))}
    for k in cutoffs:
        found, best = nw.col(f"above_{k}").cast(nw.Float64), nw.col(f"best_{k}")
        reachable = nw.when(in_all < k).then(in_all).otherwise(float(k))
        gained = ordered & (best > 0)
        values |= {
            f"ndcg_{k}": nw.when(gained).then(nw.col(f"dcg_{k}") / best),
            f"map_{k}": nw.when(relevant).then(nw.col(f"precisions_{k}") / reachable),
            f"hit_{k}": nw.when(relevant).then(nw.when(found > 0).then(1.0).otherwise(0.0)),
            f"precision_{k}": nw.when(relevant).then(found / float(k)),
            f"recall_{k}": nw.when(relevant).then(found / in_all),
        }
    cells = {cell_key(column): _common(column) for column in cut}
    counts = {name: nw.when(flag).then(1).otherwise(0) for name, flag in flags.items()}
    return requests.with_columns(**values, **counts, **cells)


def _common(column: str) -> nw.Expr:
    """The segment value that all rows of a request have."""
    nulls, least = nw.col(f"null {column}"), nw.col(f"least {column}")
    one = (nulls == 0) & (least == nw.col(f"greatest {column}"))
    several = nw.when(nulls < nw.col("rows")).then(nw.lit(MIXED))
    return nw.when(one).then(least).otherwise(several)


def _melted(cells: pa.Table, cutoffs: Sequence[int], by: Sequence[str]) -> pa.Table:
    """One row per kind and cut-off of every cell."""
    zeros = pa.repeat(pa.scalar(0, pa.int64()), cells.num_rows)
    schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
    subject = {name: cells[name] for name in (*by, "version", "segment")}

    def kind(name: str, cutoff: int, n: str, total: str | None, total_sq: str | None) -> pa.Table:
        columns = {
            "kind": pa.repeat(name, cells.num_rows),
            "cutoff": pa.repeat(pa.scalar(cutoff, pa.int64()), cells.num_rows),
            "n": cells[n],
            "total": zeros if total is None else cells[total],
            "total_sq": zeros if total_sq is None else cells[total_sq],
        }
        return pa.table(subject | columns | {"item": zeros, "level": zeros}).select(schema.names).cast(schema)

    parts = [kind("rows", 0, "rows", "labelled", None)]
    parts += [kind(name, 0, name, None, None) for name in _COUNTS]
    valued = [("mrr", 0, "mrr"), *((value, k, f"{value}_{k}") for value in _VALUES for k in cutoffs)]
    parts += [kind(name, k, f"{of}_n", f"{of}_total", f"{of}_sq") for name, k, of in valued]
    return pa.concat_tables(parts)

"""How often each item was ranked, and above which cut-offs: a sample of items by their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile import arrays
from obs_dagster.profile.cells import VERSION, named_version
from obs_dagster.profile.profile import slices
from obs_dagster.tasks.ranking.placed_rows import (
    ITEM,
    ORDERED,
    RELEVANT,
    REQUEST,
    TURN,
    with_facts,
    with_turns,
)
from obs_dagster.tasks.ranking.table import ITEMS, SCHEMA


def reduce_items(rows: nw.LazyFrame[Any], monitor: Monitor, by: Sequence[str]) -> pa.Table:
    """The rows of kind `item` of the outcomes' schema, with the text columns `by` before them.

    Counts are by version alone: by segment as well there could be as many of them as rows.
    """
    counted = named_version(_counted(rows, monitor, by).collect("pyarrow").to_native())
    counted = counted.sort_by([(name, "ascending") for name in (*by, "version", ITEM)])
    schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
    tables = [schema.empty_table()]
    for start, length in slices(counted, [*by, "version"]).values():
        part = counted.slice(start, length)
        hashes = np.array([hashed(item) for item in part[ITEM].to_pylist()], dtype=np.int64)
        level = level_of(hashes, ITEMS)
        kept = np.flatnonzero(sampled(hashes, level))
        tables += _melted(part.take(pa.array(kept)), hashes[kept], level, monitor.ranking.at, schema)
    return pa.concat_tables(tables)


def hashed(item: str) -> int:
    """A number that stands for an item, the same on every machine and day: 64 bits of BLAKE2b."""
    return int.from_bytes(hashlib.blake2b(item.encode(), digest_size=8).digest(), "little", signed=True)


def sampled(hashes: NDArray[np.int64], level: int) -> NDArray[np.bool_]:
    """Whether each item is in the sample of a level: one in 2^level is.

    What is in the sample of a level is in those of all lower ones, so samples of days add up on the highest.
    """
    kept: NDArray[np.bool_] = (hashes & ((1 << level) - 1)) == 0
    return kept


def level_of(hashes: NDArray[np.int64], most: int) -> int:
    """The lowest level that keeps no more than `most` of these distinct items."""
    level = 0
    while len(hashes) > most:
        level += 1
        hashes = hashes[sampled(hashes, level)]
    return level


def _counted(rows: nw.LazyFrame[Any], monitor: Monitor, by: Sequence[str]) -> nw.LazyFrame[Any]:
    named = rows.with_columns(**{VERSION: nw.col(monitor.logs.columns.version).cast(nw.String)})
    ordered = with_facts(named, monitor).filter(nw.col(ORDERED), ~nw.col(ITEM).is_null())
    served = monitor.logs.columns.rank is not None
    turned = with_turns(ordered, [*by, VERSION, REQUEST], served=served)
    counts = {"n": nw.len(), "relevant": nw.col(RELEVANT).sum()}
    for k in monitor.ranking.at:
        above = nw.when(nw.col(TURN) <= k)
        counts[f"n_{k}"] = above.then(1).otherwise(0).sum()
        counts[f"relevant_{k}"] = above.then(nw.col(RELEVANT)).otherwise(0).sum()
    return turned.group_by(*by, VERSION, ITEM).agg(**counts)


def _melted(
    part: pa.Table, hashes: NDArray[np.int64], level: int, cutoffs: Sequence[int], schema: pa.Schema
) -> list[pa.Table]:
    """One table for all rows of the items, and one for those above each cut-off."""
    tables = []
    for cutoff in (0, *cutoffs):
        suffix = f"_{cutoff}" if cutoff else ""
        shown = np.flatnonzero(arrays.values(part[f"n{suffix}"].cast(pa.int64())) > 0)
        rows, count = part.take(pa.array(shown)), len(shown)
        columns = {name: rows[name] for name in schema.names if name in part.column_names}
        columns |= {
            "segment": pa.repeat(WHOLE, count),
            "kind": pa.repeat("item", count),
            "cutoff": pa.repeat(pa.scalar(cutoff, pa.int64()), count),
            "item": pa.array(hashes[shown]),
            "n": rows[f"n{suffix}"],
            "total": rows[f"relevant{suffix}"],
            "total_sq": pa.repeat(pa.scalar(0.0), count),
            "level": pa.repeat(pa.scalar(level, pa.int64()), count),
        }
        tables.append(pa.table(columns).select(schema.names).cast(schema))
    return tables

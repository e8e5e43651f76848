"""How often the item on each place of a ranking was relevant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa

from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import VERSION, named_version
from obs_dagster.tasks.ranking.placed_rows import (
    LABELLED,
    PLACED,
    RELEVANT,
    REQUEST,
    TURN,
    with_facts,
    with_turns,
)
from obs_dagster.tasks.ranking.table import PLACES, SCHEMA

_EVALUATED = "_obs_evaluated"


def reduce_places(rows: nw.LazyFrame[Any], monitor: Monitor, by: Sequence[str]) -> pa.Table:
    """The rows of kind `place` of the outcomes' schema, with the text columns `by` before them."""
    counted = named_version(_counted(rows, monitor, by).collect("pyarrow").to_native())
    schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
    nothing = pa.repeat(pa.scalar(0, pa.int64()), counted.num_rows)
    columns = {name: counted[name] for name in (*by, "version", "n", "total")}
    columns |= {
        "segment": pa.repeat(WHOLE, counted.num_rows),
        "kind": pa.repeat("place", counted.num_rows),
        "cutoff": counted[TURN],
        **dict.fromkeys(("item", "total_sq", "level"), nothing),
    }
    return pa.table(columns).select(schema.names).cast(schema)


def _counted(rows: nw.LazyFrame[Any], monitor: Monitor, by: Sequence[str]) -> nw.LazyFrame[Any]:
    named = rows.with_columns(**{VERSION: nw.col(monitor.logs.columns.version).cast(nw.String)})
    within = [*by, VERSION, REQUEST]
    placed = with_facts(named, monitor).filter(nw.col(PLACED))
    turned = with_turns(placed, within, served=monitor.logs.columns.rank is not None)
    judged = turned.with_columns(**{_EVALUATED: nw.col(LABELLED).max().over(*within)})
    lowest = min(max(monitor.ranking.at), PLACES)
    return (
        judged.filter(nw.col(_EVALUATED) == 1, nw.col(TURN) <= lowest)
        .group_by(*by, VERSION, nw.col(TURN).cast(nw.Int64))
        .agg(n=nw.len(), total=nw.col(RELEVANT).sum())
    )

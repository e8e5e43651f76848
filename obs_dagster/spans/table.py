"""What spans of a day are reduced to: counts and sums of requests and components, which add up over days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.metrics.components.usage import LATENCY, OWN, Sums, Usage
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import IntArray, NumericCounts
from obs_dagster.profile.grids.asinh_grid import AsinhGrid, bins_around

SCHEMA = pa.schema(
    [
        # of the monitored model that answered, `*` for all together
        ("version", pa.string()),
        # empty for the requests as a whole
        ("component", pa.string()),
        # what is counted: a key of `SUMS`, or `LATENCY` or `OWN` on the grid
        ("what", pa.string()),
        # of what is counted on the grid
        ("bin", pa.int64()),
        ("n", pa.int64()),
        ("total", pa.float64()),
        ("total_sq", pa.float64()),
    ]
)

PARTS = pa.schema([("request", pa.int64()), ("component", pa.string()), ("part", pa.string())])
"""What components did in requests that used them (`obs_dagster.monitor.system`), one row each; of requests
alone where the component is empty."""

WHOLE_REQUEST = ""
"""In the place of a component: requests as a whole."""

OTHERS = "(other)"
"""Components that are too many."""

GRID = AsinhGrid(0.0, 1.0, step=0.01)
"""Milliseconds are counted on it: bins of 1 %, or of 0.01 ms near 0. It never changes, so days add up."""

SUMS: Mapping[str, str] = {
    "spans": "spans",
    "used": "requests that used it",
    "failed": "spans, or requests, that failed",
    "source": "spans that failed and that nothing which they called did",
    "took": "milliseconds that spans, or requests, took",
    "own_time": "milliseconds of requests that were its own",
    "own_by_took": "its own milliseconds times the request's, summed over requests",
    "tokens": "requests with tokens, and their tokens",
    "input": "tokens that were given",
    "output": "tokens that were put out",
    "cached": "tokens that were given and cached",
    "cost": "requests with a known cost, and the cost",
    "retries": "calls that were tried again",
}
"""What is summed, in words; a fault of spans is counted with `fault_` before its name."""


@dataclass(frozen=True)
class SpanCounts:
    """The counts of a window.

    Attributes:
        table: the rows of `SCHEMA`, one for each component, thing and bin.
    """

    table: pa.Table

    @classmethod
    def merged(cls, parts: Iterable[SpanCounts]) -> SpanCounts:
        """The counts of several windows, or parts of one, together."""
        tables = [_of_versions(each.table) for each in parts]
        if not tables:
            return cls(SCHEMA.empty_table())
        return cls(summed(tables))

    @property
    def components(self) -> list[str]:
        """The components, in the order of their names."""
        names = pc.unique(self.table["component"]).to_pylist()
        return sorted(set(names) - {WHOLE_REQUEST})

    @property
    def versions(self) -> list[str]:
        """The versions that are known to have answered requests, in the order of their names."""
        return sorted(set(pc.unique(self.table["version"]).to_pylist()) - {WHOLE})

    def usage(self, component: str, version: str = WHOLE) -> Usage:
        """What a component took; `WHOLE_REQUEST` for the requests."""
        mine = pc.and_(pc.equal(self.table["component"], component), pc.equal(self.table["version"], version))
        rows = self.table.filter(mine)
        sums = {
            row["what"]: Sums(row["n"], row["total"], row["total_sq"])
            for row in rows.filter(pc.is_null(rows["bin"])).to_pylist()
        }
        return Usage(
            sums,
            _numbers(rows, LATENCY, sums.get("took", Sums())),
            _numbers(rows, OWN, sums.get("own_time", Sums())),
        )


def summed(tables: Sequence[pa.Table]) -> pa.Table:
    """Rows that are about the same added up, in an order that depends on nothing else."""
    keys = ["version", "component", "what", "bin"]
    rows = pa.concat_tables(tables)
    found = rows.group_by(keys, use_threads=False).aggregate(
        [(name, "sum") for name in ("n", "total", "total_sq")]
    )
    named = found.select([*keys, "n_sum", "total_sum", "total_sq_sum"]).rename_columns(SCHEMA.names)
    return named.cast(SCHEMA).sort_by([(key, "ascending") for key in keys]).combine_chunks()


def _of_versions(table: pa.Table) -> pa.Table:
    """Counts with their version; what was counted before versions were told apart is of all together."""
    if "version" not in table.column_names:
        table = table.append_column("version", pa.repeat(pa.scalar(WHOLE), table.num_rows))
    return table.select(SCHEMA.names)


def bins_of(milliseconds: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> IntArray:
    """The bins of times on the grid."""
    return bins_around(milliseconds, GRID, GRID.step)


def _numbers(rows: pa.Table, what: str, sums: Sums) -> NumericCounts | None:
    """What is counted on the grid, as statistics take it; None if nothing is."""
    found = rows.filter(pc.and_(pc.equal(rows["what"], what), pc.is_valid(rows["bin"])))
    if not found.num_rows:
        return None
    bins = arrays.values(found["bin"]).astype(np.int64)
    low, high = GRID.edges(bins)
    return NumericCounts(
        points=(low + high) / 2,
        widths=high - low,
        counts=arrays.values(found["n"]).astype(np.int64),
        total=sums.total,
        total_sq=sums.total_sq,
        minimum=float(max(low[0], 0.0)),
        maximum=float(high[-1]),
    )

"""All records of a night as tables beside its run: one to analyse, one to look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from operator import attrgetter

from obs_dagster.metrics.record import MetricRecord

PARQUET = "metrics.parquet"
JSON = "metrics.json"
"""As MLflow shows a table: `columns`, and `data` row by row."""

_COLUMNS = (
    "metric",
    "column",
    "segment",
    "window",
    "value",
    "low",
    "high",
    "error",
    "n",
    "reason",
    "definition",
)
_ORDER = attrgetter("metric", "column", "segment", "window")


def record_tables(records: Sequence[MetricRecord]) -> dict[str, str | bytes]:
    """The records in both formats, by file name; in order, so that equal ones are equal files."""
    ordered = sorted(records, key=_ORDER)
    columns = {name: [getattr(record, name) for record in ordered] for name in _COLUMNS}
    rows = list(zip(*columns.values(), strict=True))
    table = json.dumps({"columns": _COLUMNS, "data": rows}, ensure_ascii=False)
    return {JSON: table, PARQUET: _parquet(columns)}


def _parquet(columns: dict[str, list[object]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = dict.fromkeys(("value", "low", "high", "error"), pa.float64())
    types = numbers | dict.fromkeys(("window", "n"), pa.int64())
    arrays = {name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()}
    written = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays), written, compression="zstd")
    return bytes(written.getvalue())

"""An hour's lines as Parquet, once the hour is over."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_dagster.serving.hour_file import LINES, PART, Finished

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_MOMENTS = ("time", "known_at")


def as_parquet() -> Finished:
    """Turns a file of lines into one of Parquet.

    Raises:
        ImportError: pyarrow is not installed.
    """
    try:
        import pyarrow.json
        import pyarrow.parquet  # noqa: F401  so that no request waits for it
    except ImportError as error:
        raise ImportError('format="parquet" needs pyarrow: `pip install pyarrow`.') from error
    return _as_parquet


def _as_parquet(part: Path) -> None:
    import pyarrow.parquet as pq

    path = part.with_name(part.name.removesuffix(f"{LINES}{PART}") + ".parquet")
    # no second ending `.part`, or it would be recovered as lines
    aside = path.with_suffix(".parquet.tmp")
    pq.write_table(_table(part), aside)
    with aside.open("rb+") as file:
        os.fsync(file.fileno())
    aside.rename(path)
    part.unlink()


def _table(part: Path) -> pa.Table:
    """The rows of a file; a column whose values are of several kinds is of texts."""
    import pyarrow as pa
    import pyarrow.json as pj

    moment = pa.timestamp("us", "UTC")
    with suppress(pa.ArrowInvalid):
        # a block at least as large as the largest row
        options = pj.ReadOptions(block_size=1 << 24, use_threads=False)
        rows = pj.read_json(part, options)
        for name in set(_MOMENTS) & set(rows.column_names):
            rows = rows.set_column(rows.column_names.index(name), name, rows[name].cast(moment))
        return rows
    with part.open(encoding="utf-8") as lines:
        found = [json.loads(each) for each in lines]
    names = dict.fromkeys(name for row in found for name in row)
    columns = {name: _column([row.get(name) for row in found]) for name in names}
    for name in set(_MOMENTS) & set(columns):
        columns[name] = columns[name].cast(moment)
    return pa.table(columns)


def _column(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    numbers = [_NUMBERS.get(each, each) if isinstance(each, str) else each for each in values]
    if any(isinstance(each, float) for each in numbers):
        numbers = [float(each) if type(each) is int else each for each in numbers]
    with suppress(pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array(numbers)
    return pa.array(
        [each if each is None or isinstance(each, str) else json.dumps(each) for each in values], pa.string()
    )

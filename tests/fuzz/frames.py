"""Log and label frames: any types in any column, nulls, infinities, columns that lack or are there twice."""

from __future__ import annotations

import datetime as dt
import io
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from obs_dagster.lake.lake import Lake
from obs_dagster.sources.labels import ingest_labels
from tests.fuzz.books import books_balance, monitor_at
from tests.fuzz.fuzzer import Fuzzer

_MOMENT = dt.datetime(2024, 3, 4, 12)  # noqa: DTZ001
_MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1)) | st.just(_MOMENT)  # noqa: DTZ001
_TEXTS = st.text(max_size=6) | st.sampled_from(
    ["1", "1.0", "nan", "inf", "", " ", "true", "2024-03-04T12:00:00Z", "1,5", "a"]
)
_NUMBERS = st.floats() | st.sampled_from(
    [0.0, -0.0, 0.5, 1.0, 1e308, -1e308, float("inf"), float("nan"), 2.0**53 + 2]
)

#: Arrow types, each with its values.
_TYPES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), _TEXTS),
    (pa.large_string(), _TEXTS),
    (pa.binary(), st.binary(max_size=4)),
    (pa.bool_(), st.booleans()),
    (pa.int8(), st.integers(-128, 127)),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.float32(), st.floats(width=32)),
    (pa.float64(), _NUMBERS),
    (pa.decimal128(20, 4), st.decimals(-1000, 1000, places=4)),
    (pa.decimal128(38, 0), st.integers(-(10**38) + 1, 10**38 - 1).map(Decimal)),
    (pa.date32(), st.dates(dt.date(1900, 1, 1))),
    (pa.timestamp("s"), _MOMENTS.map(lambda at: at.replace(microsecond=0))),
    (pa.timestamp("ms", "UTC"), _MOMENTS.map(lambda at: at.replace(microsecond=0, tzinfo=dt.UTC))),
    (pa.timestamp("us", "America/New_York"), _MOMENTS.map(lambda at: at.replace(tzinfo=dt.UTC))),
    (pa.timestamp("ns"), _MOMENTS),
    (pa.time64("us"), st.times()),
    (pa.null(), st.none()),
    (pa.list_(pa.int64()), st.lists(st.integers(-5, 5), max_size=3)),
    (
        pa.struct([("a", pa.float64()), ("b", pa.string())]),
        st.fixed_dictionaries({"a": _NUMBERS, "b": _TEXTS}),
    ),
    (
        pa.map_(pa.string(), pa.int64()),
        st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=1),
    ),
    (pa.dictionary(pa.int32(), pa.string()), _TEXTS),
    (pa.list_(pa.float32(), 2), st.lists(st.floats(width=32), min_size=2, max_size=2)),
]
_USUAL = {
    "id": (pa.string(), st.text(max_size=3) | st.integers(0, 99).map(str)),
    "at": (
        pa.timestamp("us", "UTC"),
        _MOMENTS.map(lambda at: at.replace(tzinfo=dt.UTC)) | st.just(_MOMENT.replace(tzinfo=dt.UTC)),
    ),
    "model": (pa.string(), st.sampled_from(["1", "2", "", "v/../x", "é"])),
    "score": (pa.float64(), st.floats(0, 1) | _NUMBERS),
    "temp": (pa.float64(), _NUMBERS),
    "hour": (pa.int64(), st.integers(0, 23)),
    "carrier": (pa.string(), _TEXTS),
    "sunny": (pa.bool_(), st.booleans()),
}
_LABEL = {
    "id": (pa.string(), st.text(max_size=3) | st.integers(0, 99).map(str)),
    "late": (pa.bool_(), st.booleans()),
    "known_at": _USUAL["at"],
}


@st.composite
def _parquet(draw: Any, usual: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]]) -> bytes:
    rows = draw(st.integers(0, 12))
    odd = draw(st.sets(st.sampled_from(sorted(usual)), max_size=3))
    gone = (
        draw(st.sets(st.sampled_from(sorted(usual)), max_size=1)) if draw(st.integers(0, 3)) == 0 else set()
    )
    names, columns = [], []
    extra = [
        draw(st.sampled_from(["extra", "ID", "At", "_obs_row", "day", "filename", "a.b", 'a"b', "", " id"]))
    ]
    for name in [*usual, *(extra if draw(st.booleans()) else [])]:
        if name in gone:
            continue
        kind, values = draw(st.sampled_from(_TYPES)) if name in odd or name not in usual else usual[name]
        nulls = draw(st.sampled_from([0, 0, 0, 30, 100]))
        column = [None if nulls and draw(st.integers(0, 99)) < nulls else draw(values) for _ in range(rows)]
        try:
            columns.append(pa.array(column, kind))
        except (pa.ArrowException, ValueError, OverflowError):
            # such a value there is not in that type
            columns.append(pa.nulls(rows, kind))
        names.append(name)
    if names and draw(st.integers(0, 9)) == 0:
        names.append(names[0])
        columns.append(columns[0])
    buffer = io.BytesIO()
    options = {"row_group_size": draw(st.sampled_from([1, 3, 100]))} if rows else {}
    pq.write_table(
        pa.Table.from_arrays(columns, names=names),
        buffer,
        version=draw(st.sampled_from(["2.6", "1.0"])),
        **options,
    )
    return buffer.getvalue()


def check_log(file: Path) -> None:
    """Each row of the file is evaluated or it is said where it went, or the file is refused in words."""
    read = books_balance(file, "parquet")
    if read is not None:
        assert read == pq.read_metadata(file).num_rows


def check_labels(file: Path) -> None:
    """Each row is a label that waits, or it is said why it is none; or the file is refused in words."""
    monitor = monitor_at(file.parent, "parquet", ".parquet")
    labels = file.parent / "labels" / file.name
    labels.parent.mkdir()
    shutil.copyfile(file, labels)
    found = ingest_labels(monitor, Lake(file.parent / "lake"))
    (read,) = found.book.files.values()
    if read.unreadable:
        assert found.book.refused
        return
    assert read.rows == pq.read_metadata(file).num_rows
    told = read.positive + read.negative + read.unknown + read.unusable_rows
    told += read.without_id + read.lost_digits
    assert told >= read.rows, read
    assert found.waiting <= read.usable


LOGS = Fuzzer("log_frames", ".parquet", _parquet(_USUAL), check_log)
LABELS = Fuzzer("label_frames", ".parquet", _parquet(_LABEL), check_labels)

"""The lake: `<root>/<model>/<table>/day=YYYY-MM-DD/<file>`, every file written atomically."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obs_dagster.errors import LakeError
from obs_dagster.lake import leftovers
from obs_dagster.scratch import scratch
from obs_dagster.store import ObjectPath, are_files, in_parts, remove_tree

#: Rows that are written together at most, and values where columns are many.
_GROUP_ROWS, _GROUP_VALUES = 122_880, 1 << 23
#: DuckDB writes no smaller groups than its vectors.
_FEWEST_GROUP_ROWS = 2048
_MANIFEST = b"obs_manifest"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; swap it in if the block succeeds, remove it if not.

    A reader sees the old file or the new one, never a part; a kill leaves the old one. What is in object
    storage is written to a file of this machine, and goes there in one piece.

    Raises:
        LostRaceError: it is an object, and another process has written it since the block began.
    """
    if isinstance(path, ObjectPath):
        with _replacing_object(path) as aside:
            yield aside
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = leftovers.aside(path)
    try:
        yield aside
        # On disk before the swap: after a power cut there is the old file or the whole new one.
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextlib.contextmanager
def _replacing_object(path: ObjectPath) -> Iterator[Path]:
    before = path.stamp()
    aside = scratch() / f"{uuid4().hex}-{path.name[-64:]}"
    try:
        yield aside
        path.take(aside, before)
    finally:
        aside.unlink(missing_ok=True)


def manifest_of(path: Path) -> dict[str, Any]:
    """The manifest that was written into a Parquet file, {} if there is none.

    Raises:
        LakeError: the file cannot be read as Parquet.
    """
    try:
        schema = pq.read_schema(in_parts(path))
    except (pa.ArrowException, OSError) as error:
        raise LakeError(
            f"{path} is not a readable Parquet file ({error}).", remedy="Run its day again to rewrite it."
        ) from error
    return manifest_in(schema)


def manifest_if_readable(path: Path) -> dict[str, Any] | None:
    """The manifest of a file that can be made again: what is damaged counts as absent, and is."""
    try:
        return manifest_of(path) if path.is_file() else None
    except LakeError:
        return None


def manifest_in(schema: pa.Schema) -> dict[str, Any]:
    """The manifest that a table's schema carries, as read from a Parquet file; {} if there is none."""
    found: dict[str, Any] = json.loads((schema.metadata or {}).get(_MANIFEST, b"{}"))
    return found


def group_rows(columns: int) -> int:
    """Rows of a row group of a Parquet file with so many columns: who writes one holds it in memory.

    >>> group_rows(20), group_rows(1_000)
    (122880, 8388)
    """
    return max(_FEWEST_GROUP_ROWS, min(_GROUP_ROWS, _GROUP_VALUES // max(columns, 1)))


def rows_format(columns: int) -> str:
    """Options of DuckDB's COPY for rows of so many columns.

    A column that has more values than 4096 in a row group is written as it is: to list up to a fifth of the
    rows first takes an eighth of all that writing takes, and the file is no smaller.

    >>> rows_format(20)
    'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, DICTIONARY_SIZE_LIMIT 4096'
    """
    return (
        f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group_rows(columns)}, DICTIONARY_SIZE_LIMIT 4096"
    )


def manifest_metadata(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Key and value under which a manifest is kept in a Parquet file's metadata."""
    return {_MANIFEST.decode(): json.dumps(manifest, sort_keys=True, default=str)}


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a model: one Parquet file per day, with its manifest in the file's metadata."""

    folder: Path

    def path(self, day: dt.date) -> Path:
        """Where the day's file is, or will be."""
        return self.folder / f"day={day.isoformat()}" / "data.parquet"

    def exists(self, day: dt.date) -> bool:
        """Whether the day has been written."""
        return self.path(day).is_file()

    def days(self) -> list[dt.date]:
        """All days that have been written, ascending."""
        return sorted(
            dt.date.fromisoformat(file.parent.name.removeprefix("day="))
            for file in self.folder.glob("day=*/data.parquet")
        )

    def days_between(self, first: dt.date, last: dt.date) -> list[dt.date]:
        """The written days from `first` to `last`, both included."""
        span = [first + dt.timedelta(days=offset) for offset in range((last - first).days + 1)]
        written = are_files([self.path(day) for day in span])
        return [day for day, there in zip(span, written, strict=True) if there]

    def manifest(self, day: dt.date) -> dict[str, Any] | None:
        """The day's manifest, None if the day has not been written."""
        return manifest_of(self.path(day)) if self.exists(day) else None

    def readable(self, day: dt.date) -> dict[str, Any] | None:
        """The manifest of a day that can be made again, None if there is none or its file is damaged."""
        return manifest_if_readable(self.path(day))

    def damaged(self) -> list[dt.date]:
        """The days that were written and cannot be read, ascending."""
        return [day for day in self.days() if self.readable(day) is None]

    def read(self, day: dt.date) -> pa.Table:
        """The day's rows.

        Raises:
            LakeError: the day has not been written or its file is damaged.
        """
        path = self.path(day)
        if not path.is_file():
            raise LakeError(f"{path} does not exist.", remedy=f"Run the day {day} first.")
        try:
            return pq.read_table(path, partitioning=None)
        except (pa.ArrowException, OSError) as error:
            raise LakeError(
                f"{path} is not a readable Parquet file ({error}).", remedy=f"Run the day {day} again."
            ) from error

    def write(
        self, day: dt.date, rows: pa.Table, manifest: Mapping[str, Any], *, counts: Collection[str] = ()
    ) -> None:
        """Replace the day's rows and manifest, atomically; for `counts` see `write_rows`."""
        with replacing(self.path(day)) as aside:
            described = rows.replace_schema_metadata(manifest_metadata(manifest))
            write_rows(described, aside, counts)

    def remove(self, day: dt.date) -> None:
        """Forget the day; a reader that has the file open keeps it."""
        remove_folder(self.path(day).parent)


@dataclass(frozen=True, slots=True)
class Lake:
    """All tables of all models below one root folder."""

    root: Path

    def table(self, model: str, name: str) -> Table:
        """A model's table of daily partitions."""
        return Table(self.root / model / name)

    def folder(self, model: str, name: str) -> Path:
        """A model's folder of files that do not belong to a day (baselines, label bookkeeping)."""
        return self.root / model / name


def write_rows(rows: pa.Table, path: Path, counts: Collection[str] = ()) -> None:
    """Write rows as Parquet, in groups that are small enough to read some without the others.

    Columns of codes are written as the texts that they stand for: of other columns readers know by a group's
    least and greatest value whether they need it.

    Args:
        rows: the rows.
        path: the file.
        counts: columns of counts, and of what is counted in its order. These, and other numbers of which
            hardly two are equal, are written as differences, or byte by byte, which takes a third less than
            a code for each of them.
    """
    fields = [
        each.with_type(each.type.value_type) if pa.types.is_dictionary(each.type) else each
        for each in rows.schema
    ]
    plain, size = pa.schema(fields, rows.schema.metadata), group_rows(rows.num_columns)
    packed = _packed(rows, counts) if counts else {}
    codes: list[str] | bool = [name for name in plain.names if name not in packed] if packed else True
    with pq.ParquetWriter(
        path, plain, compression="zstd", use_dictionary=codes, column_encoding=packed or None
    ) as writer:
        for start in range(0, rows.num_rows, size):
            # in one piece, for bytes that do not depend on the chunks that the rows were in
            group = rows.slice(start, size).cast(plain).combine_chunks()
            writer.write_table(group, row_group_size=size)


#: What numbers are written in, if not as codes.
_ENCODINGS = {pa.float64(): "BYTE_STREAM_SPLIT", pa.int64(): "DELTA_BINARY_PACKED"}


def _packed(rows: pa.Table, counts: Collection[str]) -> dict[str, str]:
    """The columns of numbers for which codes are a waste, with the encoding of each."""
    return {
        each.name: _ENCODINGS[each.type]
        for each in rows.schema
        if each.type in _ENCODINGS and (each.name in counts or _all_differ(rows[each.name]))
    }


def _all_differ(numbers: pa.ChunkedArray) -> bool:
    """Whether hardly two of some numbers are equal."""
    distinct: int = pc.count_distinct(numbers).as_py()
    known: int = len(numbers) - numbers.null_count
    return 2 * distinct > known


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, if it is there: on disk at once, objects one by one."""
    if isinstance(folder, ObjectPath):
        remove_tree(folder)
    elif folder.exists():
        gone = leftovers.aside(folder)
        folder.replace(gone)
        shutil.rmtree(gone)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document, atomically."""
    with replacing(path) as aside:
        aside.write_text(json.dumps(value, sort_keys=True, default=str), encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON document; None if there is none.

    Raises:
        LakeError: the file is damaged.
    """
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LakeError(f"{path} is not JSON ({error}).", remedy="Delete it and run again.") from error

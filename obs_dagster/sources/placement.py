"""Rows that stay in Parquet files of the source: which files, and how they read as rows of the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from obs_dagster.errors import SourceError
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.schema import LogSchema

#: Columns that DuckDB gives to every Parquet file that has none of the same name.
_VIRTUAL = frozenset(["file_row_number", "file_index"])


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file: its path, its number of rows, and what it was like."""

    path: str
    rows: int
    stamp: FileStamp


@dataclass(frozen=True, slots=True)
class Placement:
    """Where rows are, and what their columns mean.

    A row's number is that of its place: files in their order, rows in the order of the file.

    Attributes:
        files: in order.
        schema: what was declared when the files were looked at.
        found: DuckDB's type per column of the files.
    """

    files: tuple[SourceFile, ...]
    schema: LogSchema
    found: Mapping[str, str]

    def query(self) -> str:
        """SQL for the rows as the lake has them, numbered from 1."""
        before = [sum(file.rows for file in self.files[:place]) for place in range(len(self.files))]
        row = "file_row_number + 1"
        if len(self.files) > 1:
            row = f"{row} + {before}[CAST(file_index AS BIGINT) + 1]"
        return self.schema.query(self.found, self.source.reader, row=row)

    @property
    def source(self) -> SourceFiles:
        """The files, without looking at them."""
        paths = tuple(Path(file.path) for file in self.files)
        return SourceFiles("parquet", ", ".join(map(str, paths)), paths)

    def check(self) -> None:
        """Compare the files with what they were.

        Raises:
            SourceError: one of them is gone or was rewritten.
        """
        for file in self.files:
            try:
                now = FileStamp.of(Path(file.path))
            except OSError as error:
                raise _stale(f"{file.path} cannot be read any more ({error.strerror})") from error
            if not now.matches(file.stamp):
                raise _stale(f"{file.path} has changed since its day was ingested")

    def to_json(self) -> dict[str, Any]:
        """As plain data, for a manifest; columns as lists, since JSON's objects have no order."""
        document = asdict(self)
        document["schema"]["types"] = list(self.schema.types.items())
        document["found"] = list(self.found.items())
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Placement:
        """From what `to_json` returned, now or in earlier versions."""
        schema = document["schema"]
        return cls(
            files=tuple(
                SourceFile(file["path"], file["rows"], FileStamp.from_json(file["stamp"], file["path"]))
                for file in document["files"]
            ),
            schema=LogSchema(**schema | {"types": dict(schema["types"])}),
            found=dict(document["found"]),
        )


def placement(
    schema: LogSchema, found: Mapping[str, str], source: SourceFiles, stamps: Sequence[FileStamp]
) -> Placement | None:
    """The placement of Parquet files; None for other files, or if their rows have no number of their own.

    Args:
        schema: what is declared.
        found: DuckDB's type per column of the files.
        source: the files.
        stamps: what they were like before anything of them was read.

    Raises:
        SourceError: a file's footer cannot be read.
    """
    if source.kind != "parquet" or not source.files or {name.lower() for name in found} & _VIRTUAL:
        return None
    files = zip(map(str, source.files), _row_counts(source), stamps, strict=True)
    return Placement(tuple(SourceFile(*each) for each in files), schema, found)


def _row_counts(source: SourceFiles) -> Sequence[int]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    counts = []
    for file in source.files:
        try:
            counts.append(pq.read_metadata(file).num_rows)
        except (pa.ArrowException, OSError) as error:
            raise source.only([file]).unreadable(error) from error
    return counts


def _stale(message: str) -> SourceError:
    return SourceError(
        f"{message}, and its rows are read in place.",
        remedy="Run the day again to evaluate what is there now; without `logs.in_place` the lake "
        "keeps a copy.",
    )

"""Rows that stay in Parquet files of the source: which files, and how they read as rows of the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from obs_dagster.errors import SourceError
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.formats import parquet
from obs_dagster.sources.formats.part import Part
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.store import place


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
        counts = [file.rows for file in self.files]
        before = [sum(counts[:place]) for place in range(len(counts))]
        row = parquet.numbered(before)
        return self.schema.query(Part(self._reader(), self.found, row, sum(counts)))

    def _reader(self) -> str:
        return parquet.table_function(self.source.files)

    @property
    def source(self) -> SourceFiles:
        """The files, without looking at them."""
        paths = tuple(place(file.path) for file in self.files)
        return SourceFiles("parquet", ", ".join(map(str, paths)), paths)

    def check(self) -> None:
        """Compare the files with what they were.

        Raises:
            SourceError: one of them is gone or was rewritten.
        """
        for file in self.files:
            try:
                now = FileStamp.of(place(file.path))
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
            schema=LogSchema.from_json(schema),
            found=dict(document["found"]),
        )


def placement(
    schema: LogSchema, part: Part, source: SourceFiles, stamps: Sequence[FileStamp]
) -> Placement | None:
    """The placement of Parquet files; None if rows have no number of their own, or columns no name.

    Args:
        schema: what is declared.
        part: the rows of all files.
        source: the files.
        stamps: what they were like before anything of them was read.
    """
    virtual = {name.lower() for name in part.found} & parquet.VIRTUAL
    if virtual or part.names or part.values or part.source != parquet.table_function(source.files):
        return None
    files = zip(map(str, source.files), part.file_rows, stamps, strict=True)
    return Placement(tuple(SourceFile(*each) for each in files), schema, part.found)


def _stale(message: str) -> SourceError:
    return SourceError(
        f"{message}, and its rows are read in place.",
        remedy="Run the day again to evaluate what is there now; without `logs.in_place` the lake "
        "keeps a copy.",
    )

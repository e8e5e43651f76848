"""Where logs and labels are read from: what reading a monitor file must know of each source.

A format of files is found by its place, `obs_dagster/sources/formats/<name>.py`, any other source by
`obs_dagster/sources/kinds/<name>.py`, and those of third parties by entry points; what a source can do says
`obs_dagster.sources.protocol`.
"""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from obs_dagster.kinds import Kinds, Place
from obs_dagster.monitor.document import Document

SECTIONS = ("logs", "labels")
"""The parts of a monitor that name a source."""


class SourceName(Protocol):
    """What `source` of a log, or of labels, may be.

    Attributes:
        name: as the monitor has it.
        of_files: whether `path` is a path or glob of files; else it is a URL, whose variables are secrets.
        reads_table: whether it is of tables, which the key `table` names.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def of_files(self) -> bool: ...  # noqa: D102

    @property
    def reads_table(self) -> bool: ...  # noqa: D102


SOURCES: Kinds[SourceName] = Kinds(
    "source",
    "obs_dagster.sources",
    [Place("obs_dagster.sources.formats", "FORMAT"), Place("obs_dagster.sources.kinds", "SOURCE")],
)


def of_files(source: SourceName) -> bool:
    """Whether a source is a format of files."""
    return source.of_files


@runtime_checkable
class ReadsFolder(Protocol):
    """A source whose `path` is a folder with what others send: counts of rows, and no row.

    Attributes:
        reads_folder: always true; it is what tells such a source from others.
    """

    @property
    def reads_folder(self) -> Literal[True]: ...  # noqa: D102


@runtime_checkable
class HasSnapshots(Protocol):
    """A source that is a table with a log of its own, so that it can be read as it was at some time."""

    def in_catalog(self, path: str) -> bool:
        """Whether `path` is the URL of a catalog, which has the table by its name; else it is the table's."""

    def snapshot_mistake(self, snapshot: int | str) -> str:
        """What is wrong with the name of a snapshot, as a sentence; empty if nothing is."""


def has_path(source: SourceName, path: str) -> bool:
    """Whether `path` is one of the file system, or of an object store; else it is a URL with secrets."""
    if isinstance(source, HasSnapshots):
        return not source.in_catalog(path)
    return source.of_files or isinstance(source, ReadsFolder)


def needs_table(source: SourceName, path: str) -> bool:
    """Whether the key `table` has to say which table is meant."""
    if isinstance(source, HasSnapshots):
        return source.in_catalog(path)
    return source.reads_table


def source_in(document: Document, section: str | int) -> SourceName | None:
    """The source that a section of a document names; None if there is no such, or the section has none."""
    return SOURCES.all().get(document.text(section, "source") or "") if section in SECTIONS else None

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
        reads_table: whether it needs the key `table`; no other source has it.
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


def has_path(source: SourceName) -> bool:
    """Whether `path` is one of the file system."""
    return source.of_files or isinstance(source, ReadsFolder)


def source_in(document: Document, section: str | int) -> SourceName | None:
    """The source that a section of a document names; None if there is no such, or the section has none."""
    return SOURCES.all().get(document.text(section, "source") or "") if section in SECTIONS else None

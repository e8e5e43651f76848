"""Where the version of a row stands that no column has: in the path, or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.discovery.layout import Layout
from obs_dagster.discovery.task import Choice

_OPTION = "--version-column"
#: What every row gets where nothing says a version.
_ONLY = "1"


@dataclass(frozen=True, slots=True)
class VersionFound:
    """The version of a log's rows.

    Attributes:
        pattern: the path of the log, with `{version}` if it names the version.
        constant: the version of every row; empty if the path or a column has it.
        versions: those that were seen.
        in_column: whether a column has it.
    """

    pattern: str
    constant: str = ""
    versions: Sequence[str] = ()
    in_column: bool = False

    @property
    def choice(self) -> Choice:
        """What is said of it."""
        if self.constant:
            why = "no column and no folder says a version: every row is of this one"
            return Choice(self.constant, why, sure=False, option=_OPTION)
        return Choice("{version} in the path", f"folders are called {', '.join(self.versions[:3])}")


def version_of(layout: Layout, versions: Sequence[str]) -> VersionFound:
    """The version of a log whose column has some versions; empty if no column is one."""
    if versions:
        return VersionFound(layout.pattern, versions=versions, in_column=True)
    if layout.by_version:
        place = layout.by_version.split("/").index("{version}")
        return VersionFound(
            layout.by_version, versions=sorted({str(file).split("/")[place] for file, _ in layout.files})
        )
    return VersionFound(layout.pattern, _ONLY, [_ONLY])

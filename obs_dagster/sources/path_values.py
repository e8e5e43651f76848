"""What the place of a file says of its rows: `region=eu/` in its path, and `{version}` in the monitor's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.placeholders import marked, placeholders

#: What stands for a value that is missing in the name of a folder, as Hive and Spark write it.
_MISSING = "__HIVE_DEFAULT_PARTITION__"
_FOLDER = re.compile(r"([^=]+)=(.*)")


@dataclass(frozen=True, slots=True)
class PathValues:
    """Columns whose values stand in the paths of files.

    Attributes:
        shape: a path as a regular expression.
        groups: the group of the expression that is the value of a column, by column.
    """

    shape: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_log(cls, monitor: Monitor) -> PathValues:
        """Of a log: the version, where its path has `{version}`."""
        names = [name for name, _ in placeholders(monitor.logs.path)]
        groups = {monitor.logs.columns.version: f"p{names.index('version')}"} if "version" in names else {}
        return cls(path_shape(monitor) if groups else "", groups)

    def values(self, file: Path) -> dict[str, str | None]:
        """The values of a file's rows by column; those of the monitor's path go before those of folders."""
        found: dict[str, str | None] = {}
        for name in file.parent.parts:
            if match := _FOLDER.fullmatch(name):
                text = unquote(match[2])
                found[unquote(match[1])] = None if text == _MISSING else text
        if self.groups and (match := re.fullmatch(self.shape, str(file))):
            found |= {column: unquote(match[group]) for column, group in self.groups.items()}
        return found


def path_shape(monitor: Monitor) -> str:
    """The path of a log as a regular expression, with a group `p0`, `p1`, … for each placeholder."""
    shape = as_expression(monitor.resolve_path(marked(monitor.logs.path, "0obs{}0".format)))
    for place, (_, form) in enumerate(placeholders(monitor.logs.path)):
        several = "/".join(["[^/]+"] * (1 + form.count("/")))
        shape = shape.replace(f"0obs{place}0", f"(?P<p{place}>{several})")
    return shape


def as_expression(pattern: str) -> str:
    """A glob as a regular expression."""
    shape = re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return shape.replace(r"\?", "[^/]")


def as_sql(value: str | None) -> str:
    """SQL for a value of a path, which is text."""
    return "NULL::VARCHAR" if value is None else f"{literal(value)}::VARCHAR"

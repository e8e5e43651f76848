"""The path of a log: which files are of which day, and what else a file's place says of its rows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from obs_dagster.monitor import day_form
from obs_dagster.monitor.day_form import Period
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.placeholders import ANY, placeholders
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.path_values import path_shape
from obs_dagster.sources.reading import Reading, reading_of_log

_ONE = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LogPath:
    """The files of a monitor's log.

    Attributes:
        monitor: names the path.
        period: how long the time is whose rows a file has; below a day, files have rows of many days.
    """

    monitor: Monitor
    period: Period

    @classmethod
    def of(cls, monitor: Monitor) -> LogPath:
        """The path that a monitor has."""
        return cls(monitor, day_form.period(monitor.logs.path))

    @property
    def everywhere(self) -> str:
        """The path or glob of all files."""
        return self._pattern("*")

    def files(self, days: Iterable[dt.date] | None = None) -> SourceFiles:
        """The files that some days name, or all.

        Raises:
            SourceError: what matches is no file, or a folder cannot be looked into.
        """
        patterns = [self.everywhere] if days is None else [self._pattern(day) for day in days]
        found = [SourceFiles.find(self._kind, pattern) for pattern in dict.fromkeys(patterns)]
        files = sorted({file for each in found for file in each.files})
        return SourceFiles(self._kind, ", ".join(dict.fromkeys(patterns)), tuple(files), self._reading)

    def around(self, day: dt.date) -> SourceFiles:
        """The files of longer periods that may have rows of a day, whatever the zone of their names is.

        Raises:
            SourceError: as `files`.
        """
        return self.files((day - _ONE, day, day + _ONE))

    def days(self) -> tuple[list[dt.date], list[str]]:
        """The days that files name, ascending, and what stands in the place of a day elsewhere.

        Raises:
            SourceError: as `files`.
        """
        names = placeholders(self.monitor.logs.path)
        shape = re.compile(path_shape(self.monitor))
        days, others = set(), set()
        for file in self.files().files:
            if (match := shape.fullmatch(str(file))) is None:
                continue
            texts = [
                (form or day_form.ISO, match[f"p{place}"])
                for place, (name, form) in enumerate(names)
                if name == "day"
            ]
            day = day_form.read(texts)
            if day is None:
                others.add("/".join(text for _, text in texts))
            else:
                days.add(day)
        return sorted(days), sorted(others)

    def _pattern(self, day: dt.date | str) -> str:
        return self.monitor.resolve_path(self.monitor.logs.path, day=day, version=ANY)

    @property
    def _kind(self) -> str:
        return self.monitor.logs.source

    @property
    def _reading(self) -> Reading:
        return reading_of_log(self.monitor)


def recognised_path(files: Sequence[str]) -> str:
    """The path or glob that some files of a log would have in a monitor, with placeholders for their days.

    Args:
        files: paths of files, absolute or relative.

    >>> recognised_path(["logs/2024-03-04/a.csv", "logs/2024-03-05/b.csv"])
    'logs/{day}/*.csv'
    >>> recognised_path(["logs/day=2024-03-04/hour=1/p-0.csv", "logs/day=2024-03-04/hour=2/p-1.csv"])
    'logs/day={day}/hour=*/p-*.csv'
    """
    named = {day_form.recognised(file) for file in files}
    # a month of one digit is somewhere among those of two
    short = {form for path in named for form in day_form.forms(path) if form.startswith("%-")}
    for form in short:
        named = {path.replace(f"{{day:{form.replace('-', '')}}}", f"{{day:{form}}}") for path in named}
    split = [path.split("/") for path in sorted(named)]
    if len({len(parts) for parts in split}) > 1:
        depth = min(map(len, split)) - 1
        same = [_alike([parts[place] for parts in split]) for place in range(depth)]
        return "/".join([*same, "**", _alike([parts[-1] for parts in split])])
    return "/".join(_alike(names) for names in zip(*split, strict=True))


def _alike(names: Sequence[str]) -> str:
    """A glob for names: what they begin and end with, in whole words."""
    if len(set(names)) == 1:
        return names[0]
    words = [re.findall(r"\{[^}]*\}|\w+|.", name) for name in names]
    first, last = _common(words), _common([each[::-1] for each in words])[::-1]
    return f"{''.join(first)}*{''.join(last)}"


def _common(words: Sequence[Sequence[str]]) -> list[str]:
    """The words that all begin with; one less than the shortest has, so that something is left to differ."""
    most = min(map(len, words)) - 1
    found = []
    for place in range(most):
        if len({each[place] for each in words}) > 1:
            break
        found.append(words[0][place])
    return found

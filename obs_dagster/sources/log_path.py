"""The path of a log: which files are of which day, and what else a file's place says of its rows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
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

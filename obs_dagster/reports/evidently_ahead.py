"""Evidently's pages made beside the other work of a run, in another process."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp

from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.validated import day_quality
from obs_dagster.reports.evidently import load
from obs_dagster.reports.evidently_night import evidently_pages, is_due
from obs_dagster.scratch import scratch
from obs_dagster.sources.labels import GROUND_TRUTH
from obs_dagster.telemetry.traces import traced
from obs_dagster.workers import begin, give_up


@dataclass(frozen=True, slots=True)
class Pages:
    """Evidently's pages of a day.

    Attributes:
        files: by version and name.
        remarks: of each version, what its pages do not show, and why.
    """

    files: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)
    remarks: Mapping[str, Sequence[str]] = field(default_factory=dict)


#: Days whose pages are made before they are asked for; those of a version have about 3 MB.
_AHEAD = 32

_begun: dict[str, Callable[[], Pages]] = {}
"""What `begin_ahead` began, by the name of its folder."""


def load_ahead(monitor: Monitor, days: Iterable[dt.date]) -> None:
    """Have the process that will make pages load its libraries, if any of the days gets pages."""
    if monitor.engine.reads_here and any(is_due(monitor, day) for day in days):
        _loading()


@cache
def _loading() -> Callable[[], None]:
    return begin(load)


def begin_ahead(monitor: Monitor, days: Iterable[dt.date], lake: Lake) -> None:
    """Begin the pages of the first days that get any, as far as these have been validated.

    What was begun from rows, labels or a baseline that are others when the pages are wanted is made again.
    Where rows are read elsewhere, pages are made there, once they are wanted.
    """
    if not monitor.engine.reads_here:
        return
    for day in islice((day for day in days if is_due(monitor, day)), _AHEAD):
        folder = _folder(monitor, day, lake)
        if folder is not None and folder.name not in _begun:
            _begun[folder.name] = begin(write_pages, monitor, day, lake, folder)


def forget_ahead() -> None:
    """Give up what `begin_ahead` began and nobody came for, as after a run that failed."""
    for name in list(_begun):
        give_up(_begun.pop(name))
        shutil.rmtree(_root() / name, ignore_errors=True)


class EvidentlyAhead:
    """The pages of some days, as files that last until they are forgotten; it is to be closed.

    Args:
        monitor: the monitor.
        lake: holds the rows.
        days: the days; pages are made of those for which the monitor asks for them.
    """

    def __init__(self, monitor: Monitor, lake: Lake, days: Iterable[dt.date]) -> None:
        self._monitor = monitor
        self._lake = lake
        self._waiting = deque(sorted(day for day in days if is_due(monitor, day)))
        self._making: dict[dt.date, Callable[[], Pages]] = {}
        self._folders: dict[dt.date, Path] = {}
        self._begin()

    def pages(self, day: dt.date) -> Callable[[], Pages] | None:
        """To be called for the pages of a day: it waits for them. The days are asked for in order.

        None for a day whose pages are not made now.
        """
        making = self._making.pop(day, None)
        if making is None:
            return None
        self._begin()
        return cache(partial(_or_remark, making, self._monitor, day, self._lake))

    def forget(self, days: Iterable[dt.date]) -> None:
        """Delete the files of some days."""
        for day in days:
            if folder := self._folders.pop(day, None):
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Delete all files, and don't make those that have not been asked for."""
        for making in self._making.values():
            give_up(making)
        self._making.clear()
        self.forget(list(self._folders))

    def _begin(self) -> None:
        while self._waiting and len(self._making) < _AHEAD:
            day = self._waiting.popleft()
            folder = _folder(self._monitor, day, self._lake)
            if folder is None:
                continue
            self._folders[day] = folder
            if folder.name in _begun:
                self._making[day] = _begun.pop(folder.name)
            elif self._monitor.engine.reads_here:
                self._making[day] = begin(write_pages, self._monitor, day, self._lake, folder)
            else:
                self._making[day] = partial(write_pages, self._monitor, day, self._lake, folder)


def _or_remark(making: Callable[[], Pages], monitor: Monitor, day: dt.date, lake: Lake) -> Pages:
    """The pages, or why there are none: the rest of the report does not depend on them."""
    try:
        return making()
    except Exception as error:  # noqa: BLE001 - of Evidently, of the process that makes pages, of the disk
        lines = str(error).strip().splitlines()
        told = f"Evidently's pages could not be made ({type(error).__name__}: {lines[0] if lines else ''})"
        quality = day_quality(monitor, day, lake)
        return Pages(remarks={version: [told] for version in (quality.versions if quality else ())})


@traced("evidently pages")
def write_pages(monitor: Monitor, day: dt.date, lake: Lake, folder: Path) -> Pages:
    """Write Evidently's pages of every version that has rows on a day which may be evaluated."""
    quality = day_quality(monitor, day, lake)
    if quality is None or not quality.evaluated:
        return Pages()
    found: dict[str, dict[str, Path]] = {}
    remarks: dict[str, Sequence[str]] = {}
    folder.mkdir(exist_ok=True)
    for number, version in enumerate(sorted(quality.versions)):
        # numbered, since a version may be called what no folder can be
        place = folder / str(number)
        place.mkdir(exist_ok=True)
        found[version] = {}
        made = evidently_pages(monitor, day, version, lake)
        remarks[version] = made.remarks
        for name, html in made.html.items():
            found[version][name] = place / name
            found[version][name].write_text(html, encoding="utf-8")
    return Pages(found, remarks)


def _folder(monitor: Monitor, day: dt.date, lake: Lake) -> Path | None:
    """The folder for a day's pages, another one for other inputs; None if the day was not validated."""
    quality = day_quality(monitor, day, lake)
    if quality is None:
        return None
    truth = lake.table(monitor.model, GROUND_TRUTH).manifest(day)
    samples = sorted(lake.folder(monitor.model, "baseline").rglob("*.parquet"))
    baseline = [(str(file), file.stat().st_mtime_ns) for file in samples]
    inputs = f"{monitor.model_dump_json()} {quality.fingerprint} {truth} {baseline}"
    return _root() / f"{day.isoformat()}-{hashlib.sha256(inputs.encode()).hexdigest()[:16]}"


@cache
def _root() -> Path:
    """A folder that lasts as long as this process."""
    return Path(mkdtemp(prefix="evidently-", dir=scratch()))

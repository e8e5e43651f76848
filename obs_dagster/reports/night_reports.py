"""What is reported of nights, made by as many processes as there are cores where there are many."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from obs_dagster.evaluation.night import Night
from obs_dagster.history import History
from obs_dagster.links import NO_LINKS, Links
from obs_dagster.monitor.model import Monitor
from obs_dagster.reports.evidently_ahead import Pages
from obs_dagster.reports.gather import Gathering
from obs_dagster.reports.health.page import render_health
from obs_dagster.reports.mlflow.version_report import VersionReport
from obs_dagster.reports.version_reports import VersionReports, with_evidently
from obs_dagster.telemetry.traces import of_day
from obs_dagster.verdict.verdict import Verdict
from obs_dagster.workers import in_order

#: With fewer nights, processes that look back by themselves take longer than they save.
_FEWEST = 16


@dataclass(frozen=True, slots=True)
class NightReport:
    """What is reported of a night.

    Attributes:
        verdicts: how each version stands.
        page: the health page.
        versions: the report of each version, which leaves Evidently's pages as they are.
    """

    day: dt.date
    verdicts: Sequence[Verdict]
    page: str
    versions: Sequence[VersionReport]


@dataclass(frozen=True)
class NightReports:
    """Makes the reports of nights of one monitor; cheapest where these come in order.

    Attributes:
        night: what the run evaluates with; its lake holds what the stages kept of each night.
        latest: the latest night of all, which says whose labels are waited for no longer.
        links: where people look beside MLflow.
    """

    night: Night
    history: History
    latest: dt.date
    links: Links = NO_LINKS

    def each(self, days: Sequence[dt.date]) -> Iterator[NightReport]:
        """The report of each night, in the order of days, as they are ready.

        Raises:
            WorkerError: a process that makes reports died again and again.
        """
        here = partial(map, self.of)
        # processes beside this one would each ask for rows that are read elsewhere
        if not self.night.monitor.engine.reads_here:
            return iter(here(days))
        elsewhere = _Elsewhere(self.night, self.history.address, self.latest, self.links)
        return in_order(partial(_each, elsewhere), days, fewest=_FEWEST, here=here)

    def of(self, day: dt.date) -> NightReport:
        """The report of a night."""
        with of_day(day):
            page = self._gathering.page(day)
            made = self._versions.of(
                page,
                self._gathering.records(day),
                settled=is_settled(self.night.monitor, day, self.latest),
            )
            return NightReport(day, page.verdicts, made.page, made.reports)

    def with_evidently(self, made: NightReport, pages: Callable[[], Pages]) -> list[VersionReport]:
        """The reports of a night's versions with the pages of Evidently, which may still be waited for."""
        return [with_evidently(each, pages, partial(self._page, made.day)) for each in made.versions]

    def _page(self, day: dt.date, remarks: Sequence[str]) -> str:
        """The health page of a night with more to be known of it."""
        page = self._gathering.page(day)
        return render_health(replace(page, remarks=(*self._versions.remarks(page), *remarks)))

    @cached_property
    def _gathering(self) -> Gathering:
        recorder = self.night.recorder
        return Gathering(
            self.night.monitor,
            self.history,
            now=recorder.now,
            run_id=recorder.run_id,
            lake=self.night.lake,
            links=self.links,
        )

    @cached_property
    def _versions(self) -> VersionReports:
        return VersionReports(self.night.monitor, self.night.lake, self.links)


def is_settled(monitor: Monitor, day: dt.date, latest: dt.date) -> bool:
    """Whether labels of the day are not waited for any longer."""
    return monitor.labels is None or (latest - day).days >= monitor.labels.max_delay_days


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """What another process makes reports with, which opens the store itself."""

    night: Night
    address: str
    latest: dt.date
    links: Links
    name: str = field(default_factory=lambda: uuid.uuid4().hex)


_open: dict[str, NightReports] = {}
"""What this process makes reports with, by name: at most one, since it looks back to many nights."""


def _each(elsewhere: _Elsewhere, days: Iterable[dt.date]) -> Iterator[NightReport]:
    """The reports of nights, made in a process beside the one that asks."""
    if elsewhere.name not in _open:
        while _open:
            _open.popitem()[1].history.close()
        _open[elsewhere.name] = NightReports(
            elsewhere.night,
            History.open(elsewhere.address),
            elsewhere.latest,
            elsewhere.links,
        )
    return map(_open[elsewhere.name].of, days)

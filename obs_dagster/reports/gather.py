"""What the reports are made from, out of the history store."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from functools import cached_property

from obs_dagster.alerts.elsewhere import Elsewhere, silenced_elsewhere
from obs_dagster.alerts.incidents.incident import Incident, list_incidents
from obs_dagster.alerts.incidents.likely import Likely
from obs_dagster.alerts.moved import from_lake, where_of
from obs_dagster.alerts.rules.alert import Alert, list_alerts
from obs_dagster.capacity import Forecast, forecast, night_window
from obs_dagster.capacity.forecast import DAYS
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.history import History, usage
from obs_dagster.lake.lake import Lake
from obs_dagster.links import NO_LINKS, Links
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import outputs
from obs_dagster.reports.alert_lines import alert_lines
from obs_dagster.reports.causes import Began
from obs_dagster.reports.components import ComponentDay, read_components
from obs_dagster.reports.from_lake import FromLake, LakeReader
from obs_dagster.reports.health.page import HealthInput
from obs_dagster.reports.record_window import RecordWindow
from obs_dagster.verdict.inputs import NightLine

#: Days before the reported one that are read.
READ_DAYS = 60


class Gathering:
    """What the reports of several days are made from; cheapest where the days come in order.

    Args:
        monitor: the monitor.
        history: the store.
        now: the present (UTC).
        run_id: the run that evaluated the days.
        lake: holds the outcomes that pages show; left out, they show none.
        links: where traces are shown.
    """

    def __init__(
        self,
        monitor: Monitor,
        history: History,
        *,
        now: dt.datetime,
        run_id: str = "",
        lake: Lake | None = None,
        links: Links = NO_LINKS,
    ) -> None:
        self._monitor = monitor
        self._links = links
        self._now = now
        self._run_id = run_id
        recorder = Recorder(monitor.model, run_id, now)
        self._lake = lake
        self._reader = None if lake is None else LakeReader(Night(monitor, lake, recorder), links)
        # segments are shown for the reported day, and for the days whose labels were still awaited
        wait = monitor.labels.max_delay_days if monitor.labels else 0
        self._records = RecordWindow(
            history, monitor.model, whole_days=max(READ_DAYS, wait), segment_days=wait
        )
        self._alerts = list_alerts(history, monitor.model)
        self._incidents = list_incidents(history, monitor.model)
        self._nights = history.nights(monitor.model)
        self._history = history
        self._began = Began(monitor, history)

    def records(self, day: dt.date) -> list[MetricRecord]:
        """All records of a day."""
        return self._records.of(day)

    def page(self, day: dt.date) -> HealthInput:
        """Everything that the health page of a day shows."""
        records = self._records.up_to(day)
        first = day - dt.timedelta(days=READ_DAYS)
        nights = [
            NightLine(night.day, night.evaluated, night.reason, night.rows, night.versions)
            for night in self._nights
            if first <= night.day <= day
        ]
        kept = FromLake() if self._reader is None else self._reader.of(day)
        incidents = [
            each
            for each in self._incidents
            if each.closed_at is None and any(alert.fires_on(day) for alert in each.alerts)
        ]
        silenced, unasked = self._silenced(incidents)
        return HealthInput(
            monitor=self._monitor,
            records=records,
            indexed=self._records.index(day),
            alerts=alert_lines(
                self._alerts, self._records.of(day), day, nights, now=self._now, why=self._of_quality
            ),
            nights=nights,
            day=day,
            generated_at=self._now,
            run_id=self._run_id,
            trace=self._trace(day),
            broken=kept.broken,
            changes=kept.changes,
            sections=kept.sections,
            hours=kept.hours,
            fairness=kept.fairness,
            why=kept.why,
            versus=kept.versus,
            compared=kept.compared,
            explained=kept.explained,
            content=kept.content,
            examples=kept.examples,
            components=self._components(day),
            causes=self._began.on(day),
            incidents=incidents,
            suspected=self._suspected(incidents, day),
            silenced=silenced,
            remarks=[*kept.remarks, *self._operation(day), *unasked],
        )

    @cached_property
    def _elsewhere(self) -> Elsewhere:
        """What is silenced in Alertmanager; asked once, and only where an incident fires."""
        return silenced_elsewhere([self._monitor], os.environ)

    def _silenced(self, incidents: Sequence[Incident]) -> tuple[dict[str, str], list[str]]:
        """How incidents are silenced in Alertmanager, by id, and what of that is not known."""
        if not incidents:
            return {}, []
        problems = [each.rstrip(".") for each in self._elsewhere.problems]
        return self._elsewhere.told({each.id for each in incidents}), problems

    def _suspected(self, incidents: Sequence[Incident], day: dt.date) -> dict[str, str]:
        """What is likely behind each incident, by its id."""
        if self._lake is None or not incidents:
            return {}
        likely = Likely(
            from_lake(self._lake),
            lambda _: [each.column for each in outputs(self._monitor)],
            self._began.of,
        )
        with self._history.reading() as connection:
            return {
                each.id: likely(connection, next(alert for alert in each.alerts if alert.fires_on(day)))
                for each in incidents
            }

    def _operation(self, day: dt.date) -> Iterator[str]:
        """Which programs changed with the night, and whether nights are about to take too long."""
        first = day - dt.timedelta(days=DAYS)
        with self._history.reading() as connection:
            nights = usage.read(connection, self._monitor.model, first, day)
            programs = usage.read_programs(connection, self._monitor.model, first, day)
        if changed := usage.program_changes(programs, day):
            yield f"The night ran with other programs than the one before: {', '.join(changed)}"
        found = forecast(nights, night_window(self._monitor))
        if isinstance(found, Forecast) and found.is_tight:
            yield f"Nights are short of time: {found}"

    def _trace(self, day: dt.date) -> str:
        """The address of the trace of the night that evaluated the day; empty if there is none."""
        traced = next((each.trace_id for each in self._nights if each.day == day), "")
        return self._links.night_trace(traced, self._monitor.model)

    def _of_quality(self, alert: Alert) -> str:
        """Where a version is wrong and why its metric changed, of an alert on quality."""
        return "" if self._lake is None else where_of(self._lake, alert)

    def _components(self, day: dt.date) -> ComponentDay | None:
        """What components of the system took of the day's requests; None without any span of it."""
        if self._monitor.components is None:
            return None
        with self._history.reading() as connection:
            found = read_components(connection, self._monitor, day)
        return found if found.components else None


def gather(
    monitor: Monitor,
    history: History,
    day: dt.date,
    *,
    now: dt.datetime,
    lake: Lake | None = None,
    links: Links = NO_LINKS,
) -> HealthInput:
    """Everything that the health page of one day shows."""
    return Gathering(monitor, history, now=now, lake=lake, links=links).page(day)

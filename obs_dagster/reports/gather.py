"""What the reports are made from, out of the history store."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from obs_dagster.alerts.elsewhere import Elsewhere, silenced_elsewhere
from obs_dagster.alerts.incidents.incident import Incident, list_incidents
from obs_dagster.alerts.incidents.likely import Likely
from obs_dagster.alerts.moved import from_lake, where_of
from obs_dagster.alerts.rules.alert import Alert, list_alerts
from obs_dagster.capacity import Forecast, forecast, night_window
from obs_dagster.capacity.forecast import DAYS
from obs_dagster.changes.change import NOTHING, Changes
from obs_dagster.errors import LakeError, SourceError
from obs_dagster.evaluation.drift import changes_of
from obs_dagster.evaluation.examples import Example, examples_of
from obs_dagster.evaluation.fairness import FairnessError, fairness_between
from obs_dagster.evaluation.hour_sections import hour_sections
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.evaluation.sections import outcome_sections
from obs_dagster.evaluation.typical import typical_rows
from obs_dagster.evaluation.versus import Versus
from obs_dagster.evaluation.where import WhereError, why_on
from obs_dagster.explain.kept import explanation_remarks
from obs_dagster.federation.buckets import unnamed_columns
from obs_dagster.history import History, usage
from obs_dagster.lake.lake import Lake
from obs_dagster.links import NO_LINKS, Links
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.elsewhere import at_sites
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import outputs
from obs_dagster.quality.contract import UNCAST_RULE
from obs_dagster.quality.schema_events import events_of_day
from obs_dagster.quality.validated import day_quality
from obs_dagster.reports.alert_lines import alert_lines
from obs_dagster.reports.causes import Began
from obs_dagster.reports.components import ComponentDay, read_components
from obs_dagster.reports.content import content_sections
from obs_dagster.reports.effect import effect_sections, newest_effect
from obs_dagster.reports.fairness import fairness_sections
from obs_dagster.reports.health.explained import explained_sections
from obs_dagster.reports.health.page import HealthInput
from obs_dagster.reports.record_window import RecordWindow
from obs_dagster.reports.versus import newest_versus, versus_section
from obs_dagster.reports.why import why_sections
from obs_dagster.sites.privacy import told_of_sites
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.labels import label_book
from obs_dagster.tasks.sections import Section
from obs_dagster.verdict.headline import headline_window, settled_through
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
        self._night = None if lake is None else Night(monitor, lake, recorder)
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
        sections, remarks = self._sections(day)
        changes, damaged = self._changes(day)
        versus = self._versus(day)
        hours = {} if self._night is None else hour_sections(self._night, day)
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
            broken=self._broken(day),
            changes=changes,
            sections=sections,
            hours=hours,
            fairness=self._fairness(day),
            why=self._why(day),
            versus=[versus_section(versus), *self._effect(day, versus[0])] if versus else (),
            explained=self._explained(day),
            content=self._content(day),
            components=self._components(day),
            causes=self._began.on(day),
            compared=(versus[0].first, versus[0].second) if versus else None,
            examples=self._examples(day),
            incidents=incidents,
            suspected=self._suspected(incidents, day),
            silenced=silenced,
            remarks=[
                *remarks,
                *damaged,
                *self._columns(day),
                *self._sites(day),
                *self._ids(day),
                *self._waiting,
                *self._operation(day),
                *unasked,
            ],
        )

    def _broken(self, day: dt.date) -> Mapping[str, int]:
        """The rules that rows of the day broke, the most rows first."""
        quality = None if self._night is None else day_quality(self._monitor, day, self._night.lake)
        if quality is None:
            return {}
        # of the column, with a value
        named = quality.examples.get(UNCAST_RULE) or UNCAST_RULE
        return {named if rule == UNCAST_RULE else rule: n for rule, n in quality.broken_rules.items()}

    def _columns(self, day: dt.date) -> list[str]:
        """What changed in the columns of the log since the day before."""
        if self._night is None:
            return []
        told = str(events_of_day(self._monitor, day, self._night.lake))
        return [told] if told else []

    def _sites(self, day: dt.date) -> list[str]:
        """Which sites the day lacks, and whose counts have noise."""
        if self._night is None or not at_sites(self._monitor):
            return []
        manifest = self._night.lake.table(self._monitor.model, LOGS).readable(day) or {}
        told = told_of_sites(manifest, objectives=self._monitor.objectives is not None)
        noisy = any(each["privacy"].get("epsilon") for each in manifest.get("sites", {}).values())
        unnamed = unnamed_columns(self._monitor) if noisy else []
        if unnamed:
            told.append(
                f"How {', '.join(unnamed)} moved is not known: with noise values are told apart only where "
                "the monitor names them in `allowed`"
            )
        return told

    def _ids(self, day: dt.date) -> list[str]:
        """Ids of the day whose rows say different things of one prediction."""
        found = None if self._night is None else day_quality(self._monitor, day, self._night.lake)
        return [found.told_conflicts] if found and found.conflicts else []

    @cached_property
    def _waiting(self) -> list[str]:
        """Labels that have not found their prediction, and why they may not."""
        if self._night is None or self._monitor.labels is None:
            return []
        waiting = label_book(self._monitor, self._night.lake).waiting
        return [str(waiting).rstrip(".")] if waiting.labels and not waiting.of_log else []

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
        if self._night is None or not incidents:
            return {}
        likely = Likely(
            from_lake(self._night.lake),
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

    def _examples(self, day: dt.date) -> list[tuple[Example, str]]:
        """Requests of the day that have a trace, each with its address."""
        if self._night is None:
            return []
        found = examples_of(self._monitor, day, self._night.lake)
        return [(each, self._links.trace(each.trace_id)) for each in found]

    def _trace(self, day: dt.date) -> str:
        """The address of the trace of the night that evaluated the day; empty if there is none."""
        traced = next((each.trace_id for each in self._nights if each.day == day), "")
        return self._links.night_trace(traced, self._monitor.model)

    def _changes(self, day: dt.date) -> tuple[Changes, list[str]]:
        """Which columns moved, or why that cannot be told."""
        if self._night is None:
            return NOTHING, []
        try:
            return changes_of(self._monitor.model, self._night.lake, day), []
        except LakeError as error:
            return NOTHING, [f"What moved could not be told: {str(error).rstrip('.')}"]

    def _why(self, day: dt.date) -> Mapping[str, tuple[Section, ...]]:
        """Where versions are wrong and why that changed; nothing where it is not known."""
        if self._night is None:
            return {}
        try:
            return why_sections(*why_on(self._night, settled_through(self._monitor, day) or day))
        except (WhereError, LakeError):
            return {}

    def _explained(self, day: dt.date) -> dict[str, tuple[Section, ...]]:
        """How the output of each version goes with its features, as far as that was drawn."""
        if self._night is None:
            return {}
        lake = self._night.lake
        return {
            version: explained_sections(self._monitor, day, version, lake)
            for version in explanation_remarks(self._monitor, day, lake)
        }

    def _content(self, day: dt.date) -> Mapping[str, tuple[Section, ...]]:
        """Rows whose content is like the baseline's, and least like it; nothing where these are gone."""
        if self._night is None or not self._monitor.content:
            return {}
        try:
            return content_sections(typical_rows(self._monitor, day, self._night.lake))
        except (LakeError, SourceError):
            return {}

    def _of_quality(self, alert: Alert) -> str:
        """Where a version is wrong and why its metric changed, of an alert on quality."""
        return "" if self._night is None else where_of(self._night.lake, alert)

    def _versus(self, day: dt.date) -> Sequence[Versus]:
        """The newest version against the champion or the one before it; nothing where that is not known."""
        if self._night is None:
            return ()
        try:
            return newest_versus(self._night, settled_through(self._monitor, day) or day)
        except LakeError:
            return ()

    def _components(self, day: dt.date) -> ComponentDay | None:
        """What components of the system took of the day's requests; None without any span of it."""
        if self._monitor.components is None:
            return None
        with self._history.reading() as connection:
            found = read_components(connection, self._monitor, day)
        return found if found.components else None

    def _effect(self, day: dt.date, compared: Versus) -> Sequence[Section]:
        """What serving the newest version did, where the monitor asks; nothing where rows cannot be read."""
        if self._night is None:
            return ()
        settled = settled_through(self._monitor, day) or day
        try:
            found = newest_effect(self._night, settled, (compared.first, compared.second))
        except (LakeError, SourceError):
            return ()
        return effect_sections(found) if found is not None else ()

    def _fairness(self, day: dt.date) -> Mapping[str, tuple[Section, ...]]:
        """How groups of people were treated; nothing where none are compared, or their counts are damaged."""
        if self._night is None or not self._monitor.fairness.attributes:
            return {}
        first = day - dt.timedelta(days=headline_window(self._monitor) - 1)
        try:
            return fairness_sections(fairness_between(self._night, first, day))
        except (FairnessError, LakeError):
            return {}

    def _sections(self, day: dt.date) -> tuple[dict[str, tuple[Section, ...]], list[str]]:
        """What the task shows of each version's outcomes, or why it could not."""
        if self._night is None:
            return {}, []
        try:
            return outcome_sections(self._night, day, headline_window(self._monitor)), []
        except (LakeError, SourceError) as error:
            return {}, [f"How right the model is could not be drawn: {str(error).rstrip('.')}"]


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

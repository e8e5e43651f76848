"""Puts the health page together: everything it says is computed here, the template only lays it out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from obs_dagster.alerts.incidents.incident import Incident
from obs_dagster.alerts.rules import unevaluated
from obs_dagster.causes.answer import Answer
from obs_dagster.causes.words import told_of
from obs_dagster.changes.change import NOTHING, Changes
from obs_dagster.evaluation.examples import Example
from obs_dagster.metrics.estimate import UNCHANGED
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import definitions, shown_in
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.quality.refusal import cause, fact
from obs_dagster.reports.causes import causes_section
from obs_dagster.reports.components import ComponentDay
from obs_dagster.reports.health.chart import Chart, Frame
from obs_dagster.reports.health.columns import column_table
from obs_dagster.reports.health.firing import NOBODY, about_day, closed_lines, firing_blocks, pending_count
from obs_dagster.reports.health.importance import importance_table
from obs_dagster.reports.health.incidents import incident_lines
from obs_dagster.reports.health.moved import moved_cards, moved_lines
from obs_dagster.reports.health.quality import (
    headings,
    night_strip,
    quality_rows,
    rules_broken,
    where_rows_went,
)
from obs_dagster.reports.health.sections import Drawn, draw_section
from obs_dagster.reports.health.segments import order_of_cells, segment_table
from obs_dagster.reports.health.trends import PLACES, draw_trends, trend_styles
from obs_dagster.reports.templates import environment
from obs_dagster.tasks.sections import Section
from obs_dagster.verdict.comparison import different_days
from obs_dagster.verdict.evidence import Evidence
from obs_dagster.verdict.headline import headline_window, settled_through
from obs_dagster.verdict.inputs import AlertLine, NightLine
from obs_dagster.verdict.judge import verdicts
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.verdict import Verdict

TREND_DAYS = 56
"""Longest stretch of days that is drawn."""

LEAST_DAYS = 7
"""Shortest stretch: a young model's few points don't span the chart."""

VITALS = 7
"""Numbers of a verdict that are shown beside it."""


@dataclass(frozen=True)
class HealthInput:
    """What the page is made from.

    Attributes:
        records: current records up to `day`; those of the last `TREND_DAYS` days are shown.
        alerts: alerts as they stand after the night of `day`.
        nights: what became of the days.
        day: the reported day.
        generated_at: now, with its time zone.
        run_id: the run that evaluated the day; empty if it is not known.
        trace: the address of its trace; empty if there is none.
        remarks: what could not be shown, and why, and what is to be known of how the night ran; sentences
            without a full stop.
        broken: by rule of the contract, how many rows of the reported day broke it.
        changes: the columns that moved on the reported day.
        incidents: those that fire after the night of `day`.
        suspected: by the id of an incident, what is likely behind it.
        silenced: by the id of an incident, how it is silenced in Alertmanager.
        sections: by version, what its task shows of its outcomes over the window that is shown first.
        examples: requests of the reported day that have a trace, each with its address, if there is one.
        hours: by version, what is shown of the reported day's requests by the hour.
        versus: the newest version against the champion or the one before it; empty if there is one only.
        compared: the two versions of that; None if there is one only.
        why: by version, where it is wrong, and what the change of its first metric is made of.
        explained: by version, how its output goes with its features, and which of them act together.
        content: by version, rows whose texts, vectors or images are like the baseline's, and least like it.
        components: what each component of the system took of the day's requests; None without spans.
        causes: where it began among components that one is off; None if none is.
        fairness: by version, how groups of people were treated over the window that is shown first.
        indexed: the records by what they are about; left out: they are put in order for this page.
    """

    monitor: Monitor
    records: Sequence[MetricRecord]
    alerts: Sequence[AlertLine]
    nights: Sequence[NightLine]
    day: dt.date
    generated_at: dt.datetime
    run_id: str = ""
    trace: str = ""
    remarks: Sequence[str] = ()
    broken: Mapping[str, int] = field(default_factory=dict)
    changes: Changes = NOTHING
    sections: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    incidents: Sequence[Incident] = ()
    suspected: Mapping[str, str] = field(default_factory=dict)
    silenced: Mapping[str, str] = field(default_factory=dict)
    hours: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    fairness: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    why: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    explained: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    content: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    components: ComponentDay | None = None
    causes: Answer | None = None
    versus: Sequence[Section] = ()
    compared: tuple[str, str] | None = None
    examples: Sequence[tuple[Example, str]] = ()
    indexed: RecordIndex | None = None

    @cached_property
    def index(self) -> RecordIndex:
        """The records up to the reported day by subject."""
        return self.indexed or RecordIndex(record for record in self.records if record.day <= self.day)

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """How each version stands on the reported day."""
        return verdicts(self.monitor, self.index, self.alerts, self.nights, self.day, changes=self.changes)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a metric on the page means, for its footer."""

    metric: str
    definition: str
    title: str
    meaning: str


def render_health(page: HealthInput) -> str:
    """The health page as one HTML document that loads nothing: no scripts, no fonts, no network."""
    monitor, day = page.monitor, page.day
    index, judged = page.index, page.verdicts
    versions = [verdict.version for verdict in judged]
    styles = trend_styles(monitor, versions, index)
    first = _first_day(page)
    blanks = {
        line.day: line.reason for line in page.nights if first <= line.day <= day and not line.evaluated
    }
    frame = Frame(first, day, blanks)
    # before its first day a monitor has no nights that could be missing
    begun = min(max(first, monitor.start), day)
    night = next((line for line in page.nights if line.day == day), None)
    charts = draw_trends(monitor, index, frame, styles)
    return (
        environment(__name__)
        .get_template("page.html.j2")
        .render(
            monitor=monitor,
            day=day,
            night=night,
            refused=None if night is None or night.evaluated else (fact(night.reason), cause(night.reason)),
            expected=night is None or unevaluated.refused(monitor, day, night),
            day_alert=about_day(page.alerts, day),
            nobody=NOBODY,
            verdicts=judged,
            vitals=[_vitals(verdict) for verdict in judged],
            different_days=different_days(judged),
            styles=styles,
            all_versions=WHOLE,
            window=headline_window(monitor),
            settled=settled_through(monitor, day),
            ways=_ways(charts),
            unchanged=UNCHANGED,
            blocks=firing_blocks(monitor, index, page.alerts, day),
            pending=pending_count(page.alerts),
            closed=closed_lines(page.alerts),
            incidents=incident_lines(page.incidents, day, page.suspected, page.silenced),
            charts=charts,
            objectives=draw_trends(monitor, index, frame, styles, "objective") if monitor.objectives else [],
            hours=_by_version(versions, page.hours),
            examples=page.examples,
            first=begun,
            order=order_of_cells(monitor),
            segments=[segment_table(monitor, index, version, day) for version in versions],
            outcomes=_by_version(versions, page.sections),
            fairness=_by_version(versions, page.fairness),
            why=_by_version(versions, page.why),
            content=_by_version(versions, page.content),
            components=_components(page.components),
            causes=_causes(page.causes),
            versus=[draw_section(each) for each in page.versus],
            moved=moved_cards(judged, styles),
            told=[moved_lines(verdict) for verdict in judged],
            columns=[column_table(monitor, index, version, day) for version in versions],
            importance=[importance_table(monitor, index, version, day) for version in versions],
            explained=_by_version(versions, page.explained),
            strip=night_strip(page.nights, begun, day),
            headings=headings(monitor),
            quality=quality_rows(monitor, index, versions, day),
            books=f"{where_rows_went(index, day)} {rules_broken(monitor, day, page.broken)}".strip(),
            meanings=_meanings(page),
            generated_at=page.generated_at,
            run_id=page.run_id,
            trace=page.trace,
            remarks=page.remarks,
        )
    )


def _components(found: ComponentDay | None) -> tuple[Sequence[str], Sequence[Drawn]] | None:
    """What components took: the requests as a whole, what is not as usual, and the tables."""
    if found is None:
        return None
    first, *others = found.sections
    return found.lines, [draw_section(replace(first, title="", note="")), *map(draw_section, others)]


def _causes(answer: Answer | None) -> tuple[str, list[str], Drawn] | None:
    """What began it: its heading, sentences and table."""
    if answer is None:
        return None
    section = causes_section(answer)
    return section.title, list(told_of(answer)), draw_section(replace(section, title="", note=""))


_TOLD = {
    "estimated": "estimated, before labels",
    "adapted": "the same, adapted to the features of these days",
    "completed": "completed by what late labels are like",
}


def _ways(charts: Sequence[Chart]) -> list[tuple[str, str]]:
    """How numbers of the charts are expected before labels are complete, and what that means."""
    drawn = {guess.how for each in charts for stroke in each.strokes for guess in stroke.guesses}
    return [(how, told) for how, told in _TOLD.items() if how in drawn]


def _by_version(
    versions: Sequence[str], sections: Mapping[str, Sequence[Section]]
) -> list[tuple[str, list[Drawn]]]:
    """The sections of each version that has some, as the template lays them out."""
    return [
        (version, [draw_section(each) for each in sections[version]])
        for version in versions
        if sections.get(version)
    ]


def _vitals(verdict: Verdict) -> list[list[Evidence]]:
    """The first numbers of a verdict, those of the same days together."""
    groups: dict[str, list[Evidence]] = {}
    for item in verdict.evidence[:VITALS]:
        groups.setdefault(item.covers, []).append(item)
    return list(groups.values())


def _first_day(page: HealthInput) -> dt.date:
    known = [record.day for record in page.records] + [line.day for line in page.nights]
    earliest = min(known, default=page.day)
    longest, least = (page.day - dt.timedelta(days=days - 1) for days in (TREND_DAYS, LEAST_DAYS))
    return min(max(earliest, longest), least)


def _meanings(page: HealthInput) -> list[Meaning]:
    """The definitions of the metrics that the page shows and the records have."""
    used = {record.metric: record.definition for record in page.records}
    shown = dict.fromkeys(
        [
            *(panel.name for place in PLACES for panel in shown_in(place, page.monitor.task)),
            "wasserstein",
            "missing_share",
            "shap_importance",
            "permutation_importance",
            "lime_sign_agreement",
            "unlike_baseline_share",
        ]
    )
    known = definitions()
    return [
        Meaning(
            metric=metric,
            definition=used[metric],
            title=known[metric].title if metric in known else metric,
            meaning=known[metric].meaning if metric in known else "",
        )
        for metric in shown
        if metric in used
    ]

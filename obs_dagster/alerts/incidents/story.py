"""What is known of an incident: what happened when, what it touched and what may be behind it."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from obs_dagster.alerts.incidents.cost import Cost, cost_of
from obs_dagster.alerts.incidents.evidence import Evidence
from obs_dagster.alerts.incidents.incident import Incident
from obs_dagster.alerts.incidents.suspects import Suspect, ranked
from obs_dagster.alerts.life.trail import Kind, trail_of
from obs_dagster.alerts.moved import Told, silent
from obs_dagster.alerts.outbox.sent import Sent, notifications_of
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.history import History, NightRecord, nights
from obs_dagster.history.tables import METRICS
from obs_dagster.monitor.costs import Costs
from obs_dagster.monitor.whole import WHOLE

_VOLUME = "volume"

_LATER, _FIRST = 7, 3
"""Nights on which alerts joined later that are looked at, the latest; suspects of the beginning."""

_NAMED = 5
"""Subjects of one rule that are named in a line of the timeline."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline: of a night, or of a moment (UTC) at which somebody or something acted."""

    at: dt.date | dt.datetime
    text: str


@dataclass(frozen=True, slots=True)
class Impact:
    """Whom it touched.

    Attributes:
        days: nights from the first that was in breach to the last that is known to belong to it.
        requests: predictions of these days by its version; None if they were not counted.
        segments: the segment cells of its alerts; empty if they are about all rows.
        columns: the columns of its alerts.
        cost: what the errors of these days cost; None if they have no price, or no label is known.
    """

    days: int
    requests: int | None
    segments: tuple[str, ...]
    columns: tuple[str, ...]
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """What detected it, and how long everything took.

    Attributes:
        alert: the alert that fired first.
        nights: nights from the first in breach to the one on which it fired.
        told_at: when people were first told, through some channel; None if nobody was.
        acknowledged_at, acknowledged_by: when and by whom it was first acknowledged.
    """

    alert: Alert
    nights: int
    told_at: dt.datetime | None
    acknowledged_at: dt.datetime | None
    acknowledged_by: str


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of an incident.

    Attributes:
        timeline: in the order of time.
        detection: None if none of its alerts is left.
        suspects: what may be behind it, in words, the likeliest first.
        runbooks: where the rules say that it stands what to do.
        across: where it began among the components of a night, sentence by sentence.
    """

    incident: Incident
    timeline: Sequence[Moment]
    impact: Impact
    detection: Detection | None
    suspects: Sequence[str]
    runbooks: Sequence[str]
    across: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values, the incident's own first."""
        found, cost = self.detection, self.impact.cost
        return {
            **self.incident.as_dict(),
            "days": self.impact.days,
            "requests": self.impact.requests,
            "segments": list(self.impact.segments),
            "columns": list(self.impact.columns),
            "cost": None if cost is None else asdict(cost),
            "detected_by": found.alert.rule if found else "",
            "detected_after_nights": found.nights if found else None,
            "told_at": found.told_at if found else None,
            "acknowledged_at": found.acknowledged_at if found else None,
            "acknowledged_by": found.acknowledged_by if found else "",
            "suspects": list(self.suspects),
            "across_components": list(self.across),
            "runbooks": list(self.runbooks),
            "timeline": [{"at": moment.at, "text": moment.text} for moment in self.timeline],
            "alerts_of_it": [alert.as_dict() for alert in self.incident.alerts],
        }


def story_of(
    history: History,
    incident: Incident,
    moved: Told = silent,
    outputs: Collection[str] = (),
    costs: Costs | None = None,
    *,
    across: Sequence[str] = (),
) -> Story:
    """Everything that is known of an incident.

    Args:
        history: the store.
        incident: the incident.
        moved: what is told of the values that an alert is about.
        outputs: the columns that the model puts out.
        costs: the prices of its errors.
        across: what is told of where it began among components.
    """
    sent = {alert.id: notifications_of(history, alert.id) for alert in incident.alerts}
    with history.reading() as connection:
        around = nights.read(connection, incident.model, incident.since, incident.until)
        requests = _requests(connection, incident, around)
        evidence = Evidence.of(connection, incident)
        later = [
            (part, Evidence.of(connection, part))
            for part in (incident.of_night(night) for night in incident.nights[1:][-_LATER:])
        ]
        days = (incident.since, incident.until)
        cost = cost_of(connection, incident.model, incident.version, days, costs) if costs else None
    suspects = ranked(incident, evidence, moved, outputs)
    lines = [*_of_nights(incident, around), *_of_people(history, incident, sent)]
    return Story(
        incident,
        sorted(lines, key=lambda moment: _when(moment.at)),
        Impact(
            (incident.until - incident.since).days + 1,
            requests,
            tuple(sorted({alert.segment for alert in incident.alerts} - {WHOLE})),
            tuple(dict.fromkeys(alert.column for alert in incident.alerts if alert.column)),
            cost,
        ),
        _detection(history, incident, sent),
        [
            *(each.evidence for each in suspects),
            *_of_later(suspects, [(part, ranked(part, known, moved, outputs)) for part, known in later]),
            *_rules_beside(incident),
        ],
        tuple(dict.fromkeys(alert.runbook for alert in incident.alerts if alert.runbook)),
        tuple(across),
    )


def _of_later(
    suspects: Sequence[Suspect], parts: Sequence[tuple[Incident, Sequence[Suspect]]]
) -> Iterator[str]:
    """The first suspect of what joined later, where that is none of the first ones of the beginning."""
    told = {(each.kind, each.about) for each in suspects[:_FIRST]}
    for part, found in parts:
        if found and (found[0].kind, found[0].about) not in told:
            told.add((found[0].kind, found[0].about))
            fired = part.nights[0]
            yield f"of what joined on {fired} ({', '.join(part.rules)}): {found[0].evidence}"


def _when(at: dt.date | dt.datetime) -> dt.datetime:
    """A night is over before anybody acts on it."""
    return at if isinstance(at, dt.datetime) else dt.datetime.combine(at, dt.time(), dt.UTC)


def _requests(connection: Connection, incident: Incident, around: Sequence[NightRecord]) -> int | None:
    if incident.version == WHOLE:
        return sum(night.rows for night in around) if around else None
    columns = METRICS.c
    query = select(func.sum(columns.value)).where(
        columns.model == incident.model,
        columns.day.between(incident.since, incident.until),
        columns.metric == _VOLUME,
        columns.window == 1,
        columns.version == incident.version,
        columns.segment == WHOLE,
    )
    found = connection.execute(query).scalar()
    return None if found is None else int(found)


def _of_nights(incident: Incident, around: Sequence[NightRecord]) -> Iterator[Moment]:
    happened: dict[tuple[dt.date, str, str], list[Alert]] = defaultdict(list)
    for alert in incident.alerts:
        happened[alert.since, f"first night in breach of {alert.rule}", ""].append(alert)
        if alert.fired_day is not None and alert.fired_day != alert.since:
            happened[alert.fired_day, f"in breach of {alert.rule} for long enough", ""].append(alert)
        if alert.resolved_day is not None:
            happened[alert.resolved_day, f"{alert.rule} is over", alert.note].append(alert)
    for (day, what, why), about in happened.items():
        yield Moment(day, f"{what}: {_subjects(about)}{f'. {why}' if why else ''}")
    for night in around:
        if not night.evaluated:
            yield Moment(night.day, "the day was not evaluated")


def _subjects(about: Sequence[Alert]) -> str:
    """What alerts of one rule are about; of many the first."""
    names = [alert.subject.told(alert.metric) for alert in about]
    return "; ".join([*names[:_NAMED], *([f"{len(names) - _NAMED} more"] if len(names) > _NAMED else [])])


def _of_people(history: History, incident: Incident, sent: dict[str, list[Sent]]) -> Iterator[Moment]:
    acts = {Kind.ACKNOWLEDGED: "acknowledged", Kind.CLOSED: "resolved by hand", Kind.SILENCED: "silenced"}
    for alert in incident.alerts:
        for line in trail_of(history, alert.id):
            if line.kind in acts:
                by, why = (f" by {line.by}" if line.by else ""), (f": {line.comment}" if line.comment else "")
                yield Moment(line.at, f"{alert.rule} {acts[line.kind]}{by}{why}")
    messages = Counter(
        (
            each.delivered_at.replace(second=0, microsecond=0),
            f"{each.label} told of {alert.rule}: {each.event}",
        )
        for alert in incident.alerts
        for each in sent[alert.id]
        if each.delivered_at is not None
    )
    for (at, text), count in messages.items():
        yield Moment(at, text if count == 1 else f"{text}, {count} messages")
    if incident.closed_at is not None:
        why = f": {incident.comment}" if incident.comment else ""
        yield Moment(incident.closed_at, f"closed by {incident.closed_by} as {incident.cause}{why}")


def _detection(history: History, incident: Incident, sent: dict[str, list[Sent]]) -> Detection | None:
    first = next(iter(incident.alerts), None)
    if first is None:
        return None
    told = [each.delivered_at for found in sent.values() for each in found if each.delivered_at is not None]
    acks = [
        line
        for alert in incident.alerts
        for line in trail_of(history, alert.id)
        if line.kind is Kind.ACKNOWLEDGED
    ]
    ack = min(acks, key=lambda line: line.at, default=None)
    return Detection(
        first,
        ((first.fired_day or first.last_day) - first.since).days,
        min(told, default=None),
        None if ack is None else ack.at,
        "" if ack is None else ack.by,
    )


def _rules_beside(incident: Incident) -> Iterator[str]:
    for rule in dict.fromkeys(alert.held_by for alert in incident.alerts if alert.held_by):
        yield f"{rule} fired at the same time"

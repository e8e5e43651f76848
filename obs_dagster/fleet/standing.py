"""How each model stands: the verdicts of its last night, and whether that night is the one that was due."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from obs_dagster.alerts import FailedRun, FiringCount, firing_counts, last_failures
from obs_dagster.alerts.rules import unevaluated
from obs_dagster.fleet.trend import Trend, read_trends
from obs_dagster.history import History, NightRecord, nights, verdicts
from obs_dagster.history.verdicts import LastVerdict
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.due import due_day, scheduled_after
from obs_dagster.monitor.loading import Faulty
from obs_dagster.quality.refusal import in_one_line
from obs_dagster.verdict.record_index import natural
from obs_dagster.verdict.wording import night_count

State = Literal["failing", "not evaluated", "misconfigured", "overdue", "unknown", "moved", "sound"]
"""`misconfigured`: the monitor file is wrong, so no night can run. `overdue`: the night that was due has not
run, or failed. The others are of the last night."""

GRAVEST_FIRST: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class VersionStanding:
    """The last verdict of a version.

    Attributes:
        since: the first of the days in a row with this status.
        trend: of the metric that the model is first judged by; None if it has no value.
    """

    version: str
    status: State
    sentence: str
    day: dt.date
    since: dt.date
    trend: Trend | None


@dataclass(frozen=True, slots=True)
class ModelStanding:
    """How one model stands.

    Attributes:
        state: the gravest of what is known of its nights and of its versions.
        note: why the state is not, or not only, that of the verdicts; empty if it is.
        night: its last night; None if none has run.
        alerts: how many alerts fire, and how many of these are silenced or acknowledged.
        versions: those in production; their verdicts are of an earlier day where `current` is false.
        current: whether the verdicts are of the last night, and that night is the one that was due.
    """

    model: str
    description: str
    owner: str
    state: State
    note: str
    night: NightRecord | None
    alerts: FiringCount
    versions: Sequence[VersionStanding]
    current: bool

    @property
    def urgency(self) -> tuple[int, int, str]:
        """Sort key: the gravest first, then what fires most, then by name."""
        return (GRAVEST_FIRST.index(self.state), -self.alerts.firing, self.model)


def read_fleet(
    history: History, monitors: Collection[Monitor], now: dt.datetime, *, faulty: Collection[Faulty] = ()
) -> list[ModelStanding]:
    """How all models stand, the gravest first; the number of queries does not grow with that of the models.

    Args:
        history: the store.
        monitors: the models.
        now: the present.
        faulty: monitor files that are wrong; of their models it is known what was said before.
    """
    with history.reading() as connection:
        last = nights.latest_of_all(connection)
        said = verdicts.latest(connection)
        firing = firing_counts(connection, now)
        failed = last_failures(connection)
        trends = read_trends(connection, monitors, {model: night.day for model, night in last.items()})
    by_model: dict[str, list[LastVerdict]] = defaultdict(list)
    for each in said:
        by_model[each.verdict.model].append(each)
    found = [
        _standing(
            monitor,
            last.get(monitor.model),
            by_model[monitor.model],
            trends,
            firing=firing.get(monitor.model, FiringCount()),
            failed=failed.get(monitor.model),
            now=now,
        )
        for monitor in monitors
    ]
    found += [
        _misconfigured(
            each, last.get(each.model), by_model[each.model], firing.get(each.model, FiringCount())
        )
        for each in faulty
    ]
    return sorted(found, key=lambda each: each.urgency)


def _misconfigured(
    faulty: Faulty, night: NightRecord | None, said: Sequence[LastVerdict], firing: FiringCount
) -> ModelStanding:
    return ModelStanding(
        model=faulty.model,
        description="",
        owner="",
        state="misconfigured",
        note=f"its monitor is wrong, {faulty.why}",
        night=night,
        alerts=firing,
        versions=_versions(said, {}, faulty.model),
        current=False,
    )


def _versions(
    said: Sequence[LastVerdict], trends: Mapping[tuple[str, str], Trend], model: str
) -> list[VersionStanding]:
    versions = [
        VersionStanding(
            each.verdict.version,
            cast("State", each.verdict.status),
            each.verdict.sentence,
            each.verdict.day,
            each.since,
            trends.get((model, each.verdict.version)),
        )
        for each in said
    ]
    return sorted(versions, key=lambda each: (GRAVEST_FIRST.index(each.status), natural(each.version)))


def _standing(
    monitor: Monitor,
    night: NightRecord | None,
    said: Sequence[LastVerdict],
    trends: Mapping[tuple[str, str], Trend],
    *,
    firing: FiringCount,
    failed: FailedRun | None,
    now: dt.datetime,
) -> ModelStanding:
    state, note = _night_state(monitor, night, failed, now)
    versions = _versions(said, trends, monitor.model)
    day = max((each.day for each in versions), default=None)
    if night is not None and day != night.day and not state:
        state = "unknown"
        note = f"the night of {night.day} has no verdict" + (f"; the last is of {day}" if day else "")
        note += ": its report has not been made yet, or failed"
    states: list[State] = [*([state] if state else []), *(each.status for each in versions)]
    return ModelStanding(
        model=monitor.model,
        description=monitor.description,
        owner=monitor.owner,
        state=min(states, key=GRAVEST_FIRST.index, default="unknown"),
        note=note,
        night=night,
        alerts=firing,
        versions=versions,
        current=state in ("", "not evaluated"),
    )


def _night_state(
    monitor: Monitor, night: NightRecord | None, failed: FailedRun | None, now: dt.datetime
) -> tuple[State | Literal[""], str]:
    """What is wrong with the model's nights, and why; empty if nothing is."""
    due = due_day(monitor, now)
    if failed is not None and (night is None or night.finished_at < failed.at):
        return (
            "overdue",
            f"the run of {failed.partition} FAILED {failed.at:%Y-%m-%d %H:%M} UTC: {failed.error}",
        )
    if night is None:
        if due is None:
            return "unknown", f"no night has run yet; the first is that of {monitor.start}"
        return "overdue", f"no night has run; the first was that of {monitor.start}"
    if due is not None and night.day < due:
        missing = len(scheduled_after(monitor, night.day, due))
        return "overdue", f"no night has run since that of {night.day}; {night_count(missing)} are missing"
    if not night.evaluated and unevaluated.refused(monitor, night.day, night):
        return "not evaluated", f"{night.day} was NOT EVALUATED: {in_one_line(night.reason)}"
    return "", ""

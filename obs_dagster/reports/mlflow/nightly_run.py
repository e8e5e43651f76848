"""The run of one night: compared with what it should say, then brought there.

A run is added to as long as what it holds is right. MLflow cannot take back a metric, a param or an artifact,
so a run that holds something else is replaced by a new one; the old one is deleted last, when the new one is
complete.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from obs_dagster.monitor.whole import WHOLE
from obs_dagster.reports.mlflow.entities import Point, Run
from obs_dagster.reports.mlflow.marks import (
    FAMILY,
    State,
    cut,
    identity,
    name_of,
    newest_complete,
    next_revision,
    run_key,
    state_of,
    status_of,
)
from obs_dagster.reports.mlflow.naming import metric_name
from obs_dagster.reports.mlflow.story import night_story
from obs_dagster.reports.mlflow.tracking import Tracking, differing
from obs_dagster.reports.mlflow.version_report import Content, VersionReport
from obs_dagster.verdict.headline import needs_labels

NIGHT = "night"

_TOLERANCE = 1e-9
_LONGEST_PARAM = 6_000
_TOGETHER = dt.timedelta(days=7)
"""Nights that are no further apart are looked up at once, with those between them."""


@dataclass(frozen=True)
class Plan:
    """What publishing a night has to do.

    Attributes:
        held: the complete run of the night, if there is one.
        others: further runs of the night, which an interrupted publication left.
        missing: metrics that are to be added.
        replace: whether `held` says something that is not so any longer, or there is none.
        changed: whether a value that the trend may hold is not so any longer.
    """

    report: VersionReport
    held: Run | None
    others: tuple[Run, ...]
    missing: Mapping[str, float]
    replace: bool
    changed: bool


def plans(tracking: Tracking, experiment: str, nights: Sequence[VersionReport]) -> list[Plan]:
    """Compares what MLflow holds of nights of one version with what it should say; they are in order."""
    runs: dict[str, list[Run]] = {night.day.isoformat(): [] for night in nights}
    family = run_key("family", nights[0].model, nights[0].version)
    for first, last in _stretches(night.day for night in nights):
        after = midnight(last + dt.timedelta(days=1))
        for run in tracking.runs(experiment, FAMILY, family, since=midnight(first), before=after):
            if run.tags.get("obs.kind") == NIGHT and run.tags.get("obs.day") in runs:
                runs[run.tags["obs.day"]].append(run)
    return [_plan(night, runs[night.day.isoformat()]) for night in nights]


def _stretches(days: Iterable[dt.date]) -> Iterator[tuple[dt.date, dt.date]]:
    """First and last day of each stretch of days that are close together."""
    first: dt.date | None = None
    last: dt.date | None = None
    for day in days:
        if first is None or last is None:
            first = day
        elif day - last > _TOGETHER:
            yield first, last
            first = day
        last = day
    if first is not None and last is not None:
        yield first, last


def _plan(report: VersionReport, runs: list[Run]) -> Plan:
    held = newest_complete(runs)
    others = tuple(run for run in runs if held is None or run.id != held.id)
    if held is None:
        return Plan(report, None, others, report.metrics, replace=True, changed=False)
    wrong = any(not _same(report.metrics.get(name), value) for name, value in held.metrics.items())
    params_wrong = any(
        held.params.get(key) != value for key, value in _params(report).items() if key in held.params
    )
    gone = _gone_artifacts(held, report)
    return Plan(
        report,
        held,
        others,
        missing={name: value for name, value in report.metrics.items() if name not in held.metrics},
        replace=wrong or params_wrong or gone or bool(held.params.keys() - report.params.keys()),
        changed=wrong,
    )


@dataclass(frozen=True)
class Writing:
    """A night's run on its way to what the report says; it has neither its new numbers nor its last tags.

    Attributes:
        run: the run's id.
        points: its new numbers.
        held: the run as it was; None if it is new.
        state: how far it has got.
    """

    plan: Plan
    run: str
    points: Sequence[Point]
    held: Run | None
    state: State


def begin(tracking: Tracking, experiment: str, night: Plan, trend: str, model_id: str | None) -> Writing:
    """Brings the night's run there as far as its numbers: the numbers of all nights are logged together."""
    report, held = night.report, night.held
    contents = _contents(report)
    if held is not None and not night.replace:
        state = state_of(held)
        digests = _upload(tracking, held.id, contents, state.artifacts)
        points = _points(report, night.missing, model_id)
        return Writing(night, held.id, points, held, State(revision=state.revision, artifacts=digests))
    run, state = _replacement(tracking, experiment, night, trend)
    kept = {path: tracking.download(held.id, path) for path in _kept(report, held)} if held else {}
    digests = _upload(tracking, run, kept | contents, {})
    points = _points(report, report.metrics, model_id)
    return Writing(night, run, points, None, State(revision=state.revision, artifacts=digests))


def complete(
    tracking: Tracking, experiment: str, writing: Writing, trend: str, points: Sequence[Point]
) -> None:
    """Completes the run with the points that it still lacks, and deletes what it replaces."""
    night, report, held = writing.plan, writing.plan.report, writing.held
    digests = _upload(tracking, writing.run, report.last.artifacts, writing.state.artifacts)
    name, status = _name(report), status_of(report)
    if held is None:
        tracking.finish(writing.run, midnight(report.day), status)
    elif (held.name, held.status) != (name, status):
        tracking.rename(writing.run, name, status)
    state = State(complete=True, revision=writing.state.revision, artifacts=digests)
    wanted = _tags(report, experiment, trend) | state.tag
    tracking.describe(
        writing.run,
        tags=differing({} if held is None else held.tags, wanted),
        params=differing({} if held is None else held.params, _params(report)),
        points=points,
    )
    replaced = [night.held] if night.held is not None and night.held.id != writing.run else []
    for old in (*night.others, *replaced):
        tracking.delete(old.id)


def midnight(day: dt.date) -> dt.datetime:
    """The start of the day in UTC: runs that start at it are in order of day."""
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


def _replacement(tracking: Tracking, experiment: str, night: Plan, trend: str) -> tuple[str, State]:
    report = night.report
    before = (*night.others, *([night.held] if night.held else []))
    state = State(revision=next_revision(before))
    tags = identity(NIGHT, report, report.day) | {
        "obs.day": report.day.isoformat(),
        "mlflow.parentRunId": trend,
    }
    start = midnight(report.day)
    return tracking.create(experiment, _name(report), cut(tags) | state.tag, start), state


def _name(report: VersionReport) -> str:
    return name_of(report.day.isoformat(), report, f"version {report.version}")


def _points(report: VersionReport, metrics: Mapping[str, float], model_id: str | None) -> list[Point]:
    linked = _linked(report) if model_id is not None else frozenset()
    return [
        Point(name, value, report.step, model_id if name in linked else None)
        for name, value in metrics.items()
    ]


def _linked(report: VersionReport) -> frozenset[str]:
    """The performance of the whole version over one window: what a reader of a logged model looks for."""
    return frozenset(
        metric_name(record)
        for record in report.records
        if record.segment == WHOLE and record.window == report.linked_window and needs_labels(record.metric)
    )


def _tags(report: VersionReport, experiment: str, trend: str) -> dict[str, str]:
    return cut(
        {
            **report.tags,
            "obs.status": report.verdict.status,
            "mlflow.parentRunId": trend,
            "mlflow.note.content": night_story(report, experiment, trend),
        }
    )


def _params(report: VersionReport) -> dict[str, str]:
    return {key: str(value)[:_LONGEST_PARAM] for key, value in report.params.items()}


def _same(wanted: float | None, held: float) -> bool:
    return wanted is not None and math.isclose(wanted, held, rel_tol=_TOLERANCE, abs_tol=1e-15)


def _contents(report: VersionReport) -> dict[str, Content]:
    return {**report.tables, **(report.artifacts or {})}


def _gone_artifacts(held: Run, report: VersionReport) -> bool:
    wanted = {*_contents(report), *_kept(report, held), *report.last.artifacts}
    return bool(state_of(held).artifacts.keys() - wanted)


def _kept(report: VersionReport, held: Run) -> list[str]:
    """The artifacts of the night's present run that the report leaves as they are."""
    return [
        path
        for path in state_of(held).artifacts
        if path not in report.tables
        and (report.artifacts is None or (report.kept and path.startswith(report.kept)))
    ]


def _upload(
    tracking: Tracking, run: str, contents: Mapping[str, Content], held: Mapping[str, str]
) -> dict[str, str]:
    """Writes the artifacts whose content differs from what is held; returns the digests of all."""
    digests = {path: _digest(content) for path, content in contents.items()}
    new = {path: content for path, content in contents.items() if held.get(path) != digests[path]}
    if new:
        tracking.upload(run, new)
    return {**held, **digests}


def _digest(content: Content) -> str:
    data = content.read_bytes() if isinstance(content, Path) else content
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:12]

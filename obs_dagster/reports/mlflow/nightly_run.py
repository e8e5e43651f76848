"""The run of one night: compared with what it should say, then brought there.

A run is added to as long as what it holds is right. MLflow cannot take back a metric, a param or an artifact,
so a run that holds something else is replaced by a new one; the old one is deleted last, when the new one is
complete.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from obs_dagster.monitor.whole import WHOLE
from obs_dagster.reports.mlflow.entities import Point, Run
from obs_dagster.reports.mlflow.naming import is_trend, metric_name
from obs_dagster.reports.mlflow.story import night_story
from obs_dagster.reports.mlflow.tracking import Tracking, differing
from obs_dagster.reports.mlflow.version_report import TABLE, Content, VersionReport, run_key
from obs_dagster.verdict.headline import needs_labels

NIGHT = "night"

FAMILY = "obs.family"
"""The tag that all runs of a version share."""

_TOLERANCE = 1e-9
_ARTIFACTS = "obs.artifacts"
_LONGEST_TAG = 8_000
_LONGEST_PARAM = 6_000


@dataclass(frozen=True)
class Plan:
    """What publishing a night has to do.

    Attributes:
        held: the complete run of the night, if there is one.
        others: further runs of the night, which an interrupted publication left.
        missing: metrics that are to be added.
        replace: whether `held` says something that is not so any longer, or there is none.
        trend_changed: whether a value that the trend may hold is not so any longer.
    """

    report: VersionReport
    held: Run | None
    others: tuple[Run, ...]
    missing: Mapping[str, float]
    replace: bool
    trend_changed: bool

    @property
    def trend_additions(self) -> dict[str, float]:
        """Metrics that are to be added to the trend."""
        return {name: value for name, value in self.missing.items() if is_trend(name)}


def plan(tracking: Tracking, experiment: str, report: VersionReport) -> Plan:
    """Compares what MLflow holds of the night with what it should say."""
    runs = tracking.runs(experiment, "obs.key", run_key(NIGHT, report.model, report.version, report.day))
    held = newest_complete(runs)
    others = tuple(run for run in runs if held is None or run.id != held.id)
    if held is None:
        return Plan(report, None, others, report.metrics, replace=True, trend_changed=False)
    wrong = {name for name, value in held.metrics.items() if not _same(report.metrics.get(name), value)}
    params_wrong = any(
        held.params.get(key) != value for key, value in _params(report).items() if key in held.params
    )
    gone = _gone_artifacts(held, report)
    return Plan(
        report,
        held,
        others,
        missing={name: value for name, value in report.metrics.items() if name not in held.metrics},
        replace=bool(wrong or params_wrong or gone or held.params.keys() - report.params.keys()),
        trend_changed=any(is_trend(name) for name in wrong),
    )


@dataclass(frozen=True)
class Writing:
    """A night's run on its way to what the report says; it has neither its new numbers nor its last tags.

    Attributes:
        points: its new numbers.
        tags: those that the run has.
        digests: of the artifacts that the run has.
    """

    plan: Plan
    run: str
    points: Sequence[Point]
    tags: Mapping[str, str]
    digests: Mapping[str, str]


def begin(tracking: Tracking, experiment: str, night: Plan, trend: str, model_id: str | None) -> Writing:
    """Brings the night's run there as far as its numbers: the numbers of all nights are logged together."""
    report, held = night.report, night.held
    contents = _contents(report)
    if night.replace or held is None:
        run = _replacement(tracking, experiment, night, trend)
        tracking.set_params(run, _params(report))
        kept = {path: tracking.download(held.id, path) for path in _kept(report, held)} if held else {}
        digests = _upload(tracking, run, kept | contents, {})
        return Writing(night, run, _points(report, report.metrics, model_id), {}, digests)
    tracking.set_params(held.id, differing(held.params, _params(report)))
    digests = _upload(tracking, held.id, contents, _digests(held))
    return Writing(night, held.id, _points(report, night.missing, model_id), held.tags, digests)


def complete(tracking: Tracking, experiment: str, writing: Writing, trend: str) -> None:
    """Completes the run, when its numbers are there, and deletes what it replaces."""
    night, report = writing.plan, writing.plan.report
    digests = _upload(tracking, writing.run, report.last.artifacts, writing.digests)
    wanted = _tags(report, experiment, trend) | {_ARTIFACTS: json.dumps(digests, sort_keys=True)}
    tracking.set_tags(writing.run, differing(writing.tags, wanted))
    replaced = [night.held] if night.held is not None and night.held.id != writing.run else []
    for old in (*night.others, *replaced):
        tracking.delete(old.id)


def newest_complete(runs: list[Run]) -> Run | None:
    """The complete run of the latest revision."""
    complete = [run for run in runs if run.tags.get("obs.complete") == "true"]
    return max(complete, key=revision, default=None)


def revision(run: Run) -> int:
    """How often the run was replaced before it."""
    return int(run.tags.get("obs.revision", "0"))


def midnight(day: dt.date) -> dt.datetime:
    """The start of the day in UTC: runs that start at it are in order of day."""
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


def identity(kind: str, report: VersionReport, day: dt.date | None) -> dict[str, str]:
    """The tags that say whose run it is."""
    return {
        "obs.key": run_key(kind, report.model, report.version, day),
        "obs.kind": kind,
        FAMILY: run_key("family", report.model, report.version),
        "obs.model": report.model,
        "obs.version": report.version,
        "mlflow.user": "obs-dagster",
        "mlflow.source.name": "obs-dagster",
        "mlflow.source.type": "JOB",
    }


def _replacement(tracking: Tracking, experiment: str, night: Plan, trend: str) -> str:
    report = night.report
    seen = [revision(run) for run in (*night.others, *([night.held] if night.held else []))]
    start = midnight(report.day)
    tags = identity(NIGHT, report, report.day) | {
        "obs.day": report.day.isoformat(),
        "obs.complete": "false",
        "obs.revision": str(max(seen, default=-1) + 1),
        "mlflow.parentRunId": trend,
    }
    name = f"version {report.version} · {report.day.isoformat()}"
    run = tracking.create(experiment, name[:250], _cut(tags), start)
    tracking.finish(run, start)
    return run


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
    return _cut(
        {
            **report.tags,
            "obs.day": report.day.isoformat(),
            "obs.status": report.verdict.status,
            "obs.settled": str(report.settled).lower(),
            "obs.complete": "true",
            "mlflow.parentRunId": trend,
            "mlflow.note.content": night_story(report, experiment, trend),
        }
    )


def _cut(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value[:_LONGEST_TAG] for key, value in tags.items()}


def _params(report: VersionReport) -> dict[str, str]:
    return {key: str(value)[:_LONGEST_PARAM] for key, value in report.params.items()}


def _same(wanted: float | None, held: float) -> bool:
    return wanted is not None and math.isclose(wanted, held, rel_tol=_TOLERANCE, abs_tol=1e-15)


def _contents(report: VersionReport) -> dict[str, Content]:
    return {TABLE: report.table, **(report.artifacts or {})}


def _digests(run: Run) -> dict[str, str]:
    known: dict[str, str] = json.loads(run.tags.get(_ARTIFACTS, "{}"))
    return known


def _gone_artifacts(held: Run, report: VersionReport) -> bool:
    wanted = {*_contents(report), *_kept(report, held), *report.last.artifacts}
    return bool(_digests(held).keys() - wanted)


def _kept(report: VersionReport, held: Run | None) -> list[str]:
    """The artifacts of the night's present run that the report leaves as they are."""
    return [
        path
        for path in (_digests(held) if held is not None else ())
        if path != TABLE and (report.artifacts is None or (report.kept and path.startswith(report.kept)))
    ]


def _upload(
    tracking: Tracking, run: str, contents: Mapping[str, Content], held: Mapping[str, str]
) -> dict[str, str]:
    """Writes the artifacts whose content differs from what is held; returns the digests of all."""
    digests = dict(held)
    for path, content in contents.items():
        digest = _digest(content)
        if held.get(path) != digest:
            tracking.upload(run, path, content)
            digests[path] = digest
    return digests


def _digest(content: Content) -> str:
    data = content.read_bytes() if isinstance(content, Path) else content
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:12]

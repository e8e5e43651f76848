"""The trend run of a version: one step per day, a view of what the nightly runs hold.

It is added to day by day. When a value changes, or an interrupted publication left it in doubt (it is not
complete), a new trend run is made from the nightly runs, takes them over as children, and
the old one is deleted.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from obs_dagster.reports.mlflow.entities import Point, Run
from obs_dagster.reports.mlflow.marks import (
    FAMILY,
    KEY,
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
from obs_dagster.reports.mlflow.nightly_run import NIGHT, Plan, midnight
from obs_dagster.reports.mlflow.story import trend_story
from obs_dagster.reports.mlflow.tracking import Tracking, differing
from obs_dagster.reports.mlflow.version_report import VersionReport, step_of

TREND = "trend"


def gaps(days: Iterable[dt.date]) -> Iterator[tuple[dt.date | None, dt.date | None]]:
    """The periods around and between some days: the first day of each, and the day after its last.

    >>> list(gaps([dt.date(2024, 1, 1), dt.date(2024, 1, 2), dt.date(2024, 1, 5)]))[1]
    (datetime.date(2024, 1, 3), datetime.date(2024, 1, 5))
    """
    first: dt.date | None = None
    for day in sorted(days):
        if first is None or first < day:
            yield first, day
        first = day + dt.timedelta(days=1)
    yield first, None


class Trend:
    """The trend run of one version while nights are published.

    `prepare` before the nightly runs are written, `complete` after; what fails between leaves a trend that
    is marked incomplete, and the next publication makes a new one.
    """

    def __init__(self, tracking: Tracking, experiment: str, report: VersionReport, runs: list[Run]) -> None:
        self._tracking = tracking
        self._experiment = experiment
        self._report = report
        self._runs = runs
        self._held = newest_complete(runs)
        self._state = State(revision=next_revision(runs)) if self._held is None else state_of(self._held)
        self.id = "" if self._held is None else self._held.id
        self._tags = {} if self._held is None else dict(self._held.tags)
        self._called = ("", "") if self._held is None else (self._held.name, self._held.status)

    @classmethod
    def open(cls, tracking: Tracking, experiment: str, report: VersionReport) -> Trend:
        """Finds the trend run of the report's version."""
        key = run_key(TREND, report.model, report.version)
        return cls(tracking, experiment, report, tracking.runs(experiment, KEY, key))

    def prepare(self, plans: Sequence[Plan]) -> None:
        """Decides between adding to the run and making a new one; from here on `id` is the nights' parent."""
        if self._held is None or any(plan.changed or self._contradicts(plan) for plan in plans):
            if self._held is not None:
                self._doubt()
            self._held = None
            self._state = State(revision=next_revision(self._runs))
            self.id = self._create()
        elif any(plan.missing for plan in plans):
            self._doubt()

    def _doubt(self) -> None:
        """Marks the run as incomplete, until it is completed."""
        doubt = State(revision=self._state.revision).tag
        self._tracking.describe(self.id, tags=doubt)
        self._tags |= doubt

    def complete(self, plans: Sequence[Plan], latest: VersionReport, night: str) -> None:
        """Brings the points in, takes over all nightly runs and deletes what the run replaces."""
        if self._held is None:
            points = self._rebuild(plans)
        else:
            points = [
                Point(name, value, plan.report.step) for plan in plans for name, value in plan.missing.items()
            ]
        left = self._tracking.log({self.id: points})
        self._close(latest, night, left[self.id])
        for run in self._runs:
            if run.id != self.id:
                self._tracking.delete(run.id)

    def _contradicts(self, plan: Plan) -> bool:
        """Whether the run holds another value for a night that has no run of its own (someone deleted it)."""
        if plan.held is not None or self._held is None or plan.report.step > self._held.last_step:
            return False
        return any(
            self._tracking.values_at(self._held.id, name, plan.report.step) - {value}
            for name, value in plan.missing.items()
        )

    def _create(self) -> str:
        self._tags = cut(identity(TREND, self._report, None)) | self._state.tag
        self._called = (self._name(self._report), status_of(self._report))
        return self._tracking.create(self._experiment, self._called[0], self._tags, dt.datetime.now(dt.UTC))

    def _rebuild(self, plans: Sequence[Plan]) -> list[Point]:
        """Takes over all nightly runs; returns what they hold. Those of the plans hold what is reported."""
        points = [
            Point(name, value, plan.report.step)
            for plan in plans
            for name, value in plan.report.metrics.items()
        ]
        for day, run in sorted(self._other_nights([plan.report.day for plan in plans]).items()):
            points += [Point(name, value, step_of(day)) for name, value in run.metrics.items()]
            parent = run.tags.get("mlflow.parentRunId", self.id)
            if parent != self.id:
                story = run.tags.get("mlflow.note.content", "").replace(parent, self.id)
                moved = {"mlflow.parentRunId": self.id, "mlflow.note.content": story}
                self._tracking.describe(run.id, tags=moved)
        return points

    def _other_nights(self, planned: Sequence[dt.date]) -> dict[dt.date, Run]:
        """The complete nightly run of each day but the planned; of several of an interruption, the latest."""
        key = run_key("family", self._report.model, self._report.version)
        nights: dict[str, list[Run]] = defaultdict(list)
        for first, after in gaps(planned):
            # a nightly run starts at its day's midnight; without bounds the planned ones would be read too
            since = None if first is None else midnight(first)
            before = None if after is None else midnight(after)
            for run in self._tracking.runs(self._experiment, FAMILY, key, since=since, before=before):
                if run.tags.get("obs.kind") == NIGHT:
                    nights[run.tags.get("obs.day", "")].append(run)
        return {
            dt.date.fromisoformat(day): newest
            for day, runs in nights.items()
            if (newest := newest_complete(runs)) is not None
        }

    def _close(self, latest: VersionReport, night: str, points: Sequence[Point]) -> None:
        """Completes the run with the points that it lacks; it tells of the latest night of all."""
        name, status = self._name(latest), status_of(latest)
        story = {
            "obs.day": latest.day.isoformat(),
            "obs.status": latest.verdict.status,
            "mlflow.note.content": trend_story(latest, self._experiment, night),
        }
        told = max(self._runs, key=lambda run: run.tags.get("obs.day", ""), default=None)
        if told is not None and told.tags.get("obs.day", "") > story["obs.day"]:
            name, status = told.name, told.status
            story = {key: told.tags.get(key, "") for key in story}
        if self._held is None:
            self._tracking.finish(self.id, dt.datetime.now(dt.UTC), status)
        if self._called != (name, status):
            self._tracking.rename(self.id, name, status)
        state = State(complete=True, revision=self._state.revision)
        tags = differing(self._tags, cut(story) | state.tag)
        self._tracking.describe(self.id, tags=tags, points=points)

    @staticmethod
    def _name(report: VersionReport) -> str:
        return name_of(f"version {report.version}", report, "trend")

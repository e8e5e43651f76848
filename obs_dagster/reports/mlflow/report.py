"""Publishes nights to MLflow, as often as one likes: one current value per metric, version and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from obs_dagster.links import experiment_name
from obs_dagster.reports.mlflow import nightly_run
from obs_dagster.reports.mlflow.story import kept_there, version_story
from obs_dagster.reports.mlflow.tracking import Tracking
from obs_dagster.reports.mlflow.training import Trained, with_training
from obs_dagster.reports.mlflow.trend import Trend
from obs_dagster.reports.mlflow.trend_view import offer_trend_view
from obs_dagster.reports.mlflow.version_health import tell_health
from obs_dagster.reports.mlflow.version_report import VersionReport


@dataclass(frozen=True, slots=True)
class Published:
    """Where the nights of one version are in MLflow.

    Attributes:
        experiment: id of the experiment.
        trend: id of the trend run.
        nights: id of each published night's run.
    """

    version: str
    experiment: str
    trend: str
    nights: dict[dt.date, str]


class MlflowReport:
    """Publishes nights to one MLflow.

    Args:
        tracking_uri: as `MLFLOW_TRACKING_URI` has it; the registry is there too.
        artifact_root: where a new experiment keeps its artifacts; see `Tracking`.

    Raises:
        MlflowUnavailable: it cannot be reached; publishing later catches up.
    """

    def __init__(self, tracking_uri: str, *, artifact_root: str | None = None) -> None:
        self._tracking = Tracking(tracking_uri, artifact_root)

    def publish(self, nights: Sequence[VersionReport]) -> list[Published]:
        """Makes MLflow say what the reports say, no matter what it holds of these nights.

        Nights that are published already are left as they are, down to the run ids. Several nights of a
        version in one call cost less than one by one.

        Raises:
            MlflowUnavailable: it cannot be reached; what is written so far is taken up by the next call.
            MlflowRejected: it refuses, for example because the experiment is deleted.
        """
        ordered = sorted(nights, key=lambda night: (night.model, night.version, night.day))
        return [
            self._publish_version(list(group))
            for _, group in groupby(ordered, key=lambda night: (night.model, night.version))
        ]

    def _publish_version(self, nights: Sequence[VersionReport]) -> Published:
        tracking, latest = self._tracking, nights[-1]
        experiment = tracking.experiment(experiment_name(latest.model))
        offer_trend_view(tracking, experiment, latest.task, latest.linked_window)
        registered = (
            tracking.registry.version(latest.registered_model, latest.version)
            if latest.registered_model is not None
            else None
        )
        model_id = None if registered is None else registered.model_id
        trained = self._trained(latest.registered_model)
        nights = [with_training(night, trained) for night in nights]
        plans = nightly_run.plans(tracking, experiment, nights)
        trend = Trend.open(tracking, experiment, latest)
        trend.prepare(plans)
        writings = [nightly_run.begin(tracking, experiment, night, trend.id, model_id) for night in plans]
        left = tracking.log({writing.run: writing.points for writing in writings})
        for writing in writings:
            nightly_run.complete(tracking, experiment, writing, trend.id, left[writing.run])
            if trace := kept_there(writing.plan.report):
                tracking.link_trace(writing.run, trace)
        runs = {writing.plan.report.day: writing.run for writing in writings}
        trend.complete(plans, latest, runs[latest.day])
        if registered is not None and latest.registered_model is not None:
            story = version_story(latest, experiment, trend.id, runs[latest.day])
            tell_health(tracking.registry, latest, latest.registered_model, registered, story)
        return Published(latest.version, experiment, trend.id, runs)

    def _trained(self, registered_model: str | None) -> Callable[[str], Trained]:
        """What versions of a registered model were trained with; each is asked for once."""

        @cache
        def trained(version: str) -> Trained:
            if registered_model is None:
                return Trained(reason="the monitor has no registry")
            return self._tracking.registry.trained(registered_model, version)

        return trained

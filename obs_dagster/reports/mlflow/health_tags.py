"""The current health of a model version, as tags in the model registry."""

from __future__ import annotations

from obs_dagster.reports.mlflow.entities import ModelVersion
from obs_dagster.reports.mlflow.tracking import Tracking, differing
from obs_dagster.reports.mlflow.version_report import VersionReport

_DAY = "obs.health.day"


def tag_model_version(tracking: Tracking, report: VersionReport, name: str, registered: ModelVersion) -> None:
    """Tags the version with the verdict, unless it has that of a later day already."""
    if registered.tags.get(_DAY, "") > report.day.isoformat():
        return
    wanted = {
        "obs.health": report.verdict.status,
        _DAY: report.day.isoformat(),
        "obs.health.note": report.verdict.sentence,
    }
    tracking.set_model_version_tags(name, report.version, differing(registered.tags, wanted))

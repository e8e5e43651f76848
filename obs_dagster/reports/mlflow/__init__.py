"""The nights in MLflow: one trend run per model version, and a nightly run per day below it."""

from obs_dagster.mlflow_reach.error import MlflowRejected, MlflowUnavailable
from obs_dagster.reports.mlflow.report import MlflowReport, Published
from obs_dagster.reports.mlflow.version_report import VersionReport

__all__ = ["MlflowRejected", "MlflowReport", "MlflowUnavailable", "Published", "VersionReport"]

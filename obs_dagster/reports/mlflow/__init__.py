"""The nights in MLflow: one trend run per model version, and a nightly run per day below it."""

from obs_dagster.reports.mlflow.error import MlflowRejected, MlflowUnavailable
from obs_dagster.reports.mlflow.night import NightReport
from obs_dagster.reports.mlflow.publish import MlflowReport, Published

__all__ = ["MlflowRejected", "MlflowReport", "MlflowUnavailable", "NightReport", "Published"]

"""The page of one prediction."""

from obs_dagster.reports.prediction.page import render_prediction

__all__ = ["render_prediction"]

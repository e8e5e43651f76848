"""The page of decisions at other thresholds."""

from obs_dagster.reports.thresholds.page import render_thresholds

__all__ = ["render_thresholds"]

"""The health page: one self-contained HTML file per model and day."""

from obs_dagster.reports.health.page import HealthInput, render_health

__all__ = ["HealthInput", "render_health"]

"""The page of all models: one self-contained HTML file."""

from obs_dagster.reports.fleet.file import stale_pages, write_page
from obs_dagster.reports.fleet.page import render_fleet

__all__ = ["render_fleet", "stale_pages", "write_page"]

"""How groups of people are treated, as sections of pages and as a page of its own."""

from obs_dagster.reports.fairness.page import render_fairness
from obs_dagster.reports.fairness.sections import fairness_sections
from obs_dagster.reports.fairness.words import in_words

__all__ = ["fairness_sections", "in_words", "render_fairness"]

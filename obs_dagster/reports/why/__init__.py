"""Where a model is wrong and why its numbers changed, as sections of pages."""

from obs_dagster.reports.why.sections import why_sections
from obs_dagster.reports.why.words import told_of

__all__ = ["told_of", "why_sections"]

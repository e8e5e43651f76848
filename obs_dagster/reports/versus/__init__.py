"""One version against another, in words and tables."""

from obs_dagster.reports.versus.newest import newest_versus
from obs_dagster.reports.versus.sections import versus_section
from obs_dagster.reports.versus.words import comparative, verdict_on

__all__ = ["comparative", "newest_versus", "verdict_on", "versus_section"]

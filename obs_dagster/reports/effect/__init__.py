"""What serving one version instead of another did, in words and tables."""

from obs_dagster.reports.effect.newest import newest_effect
from obs_dagster.reports.effect.sections import effect_sections
from obs_dagster.reports.effect.words import cautions, difference, headline, how_told, signed

__all__ = ["cautions", "difference", "effect_sections", "headline", "how_told", "newest_effect", "signed"]

"""What serving one version instead of another did, in words and tables."""

from obs_dagster.reports.effect.newest import newest_effect
from obs_dagster.reports.effect.sections import effect_sections
from obs_dagster.reports.effect.words import difference, headline, signed, told

__all__ = ["difference", "effect_sections", "headline", "newest_effect", "signed", "told"]

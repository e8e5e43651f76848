"""What our own logger for services puts on the span of a request (docs/serving.md)."""

from __future__ import annotations

from obs_dagster.spans.convention import Attribute, Convention

CONVENTION = Convention(name="obs_dagster", version=(Attribute("obs.version"),))

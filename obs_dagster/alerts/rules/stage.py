"""Which stage shows a rule as its check: that whose records complete what the rule watches."""

from __future__ import annotations

from typing import Literal

from obs_dagster.metrics.registry import family

Stage = Literal["alerts", "explanations"]
"""The stages that evaluate rules."""


def stage_of(*metrics: str) -> Stage:
    """The stage that shows a rule on some metrics."""
    return "alerts" if family("explanation").keys().isdisjoint(metrics) else "explanations"

"""Metrics of decisions that are right or wrong, as ratios of counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """A metric as a ratio of counts of rows by decision and label.

    Attributes:
        top, bottom: what a row adds, by [decision][label].
    """

    top: tuple[tuple[float, float], tuple[float, float]]
    bottom: tuple[tuple[float, float], tuple[float, float]]

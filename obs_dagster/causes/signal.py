"""A metric of each night by which a component is known to be off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["above", "below", "both"]

Of = Literal["model", "log", "features", "output"]
"""What a metric is about: a version as a whole, the log as a whole, the features (the one with the largest
value of a night), or what the model puts out first."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A metric that tells of a component.

    Attributes:
        metric: its name.
        side: on which side of what is usual it is a sign.
        least: so far from what is usual it is at least; less is no news, however steady the nights are.
        relative: whether `least` is a part of what is usual.
        of: what it is about.
        settled: whether it is known once labels are complete.
    """

    metric: str
    side: Side = "above"
    least: float = 0.0
    relative: bool = False
    of: Of = "model"
    settled: bool = False

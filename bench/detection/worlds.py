"""The worlds, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.detection.flights import flights
from bench.detection.generated import independent, seasonal
from bench.detection.world import World

WORLDS: Mapping[str, Callable[[], World]] = {
    "flights": flights,
    "independent": independent,
    "seasonal": seasonal,
}

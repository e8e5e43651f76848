"""One disturbance of a world, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.laboratory import Laboratory


@dataclass(frozen=True)
class Case:
    """One disturbance.

    Attributes:
        group: what is counted together.
        name: which one it is; unique in its group.
        run: does it, and raises a `DisturbedError` if the end is not the undisturbed one; how much it counts.
    """

    group: str
    name: str
    run: Callable[[Laboratory], int]

"""A key of the monitor file that holds a path, and what the path may leave open."""

from __future__ import annotations

from dataclasses import dataclass

from obs_dagster.monitor.problem import Keys


@dataclass(frozen=True, slots=True)
class PathKey:
    """A key that holds a path.

    Attributes:
        keys: where it is.
        allowed: the placeholders that a run fills.
        required: those of them without which every run would read the same files.
    """

    keys: Keys
    allowed: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

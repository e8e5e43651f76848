"""Components of what a night observes, by name: what the monitor's `causes` may speak of.

A component is found by its place, `obs_dagster/causes/components/<name>.py`, or by an entry point of a third
party; what it is says `obs_dagster.causes.component`.
"""

from __future__ import annotations

from typing import Any, Protocol

from obs_dagster.kinds import Kinds, Place

ENTRY_POINTS = "obs_dagster.components"


class Named(Protocol):
    """What the monitor file needs to know of a component."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def outside(self) -> bool: ...  # noqa: D102

    @property
    def ends(self) -> bool: ...  # noqa: D102


COMPONENTS: Kinds[Any] = Kinds(
    "component", ENTRY_POINTS, (Place("obs_dagster.causes.components", "COMPONENT"),)
)
"""The components that there are."""

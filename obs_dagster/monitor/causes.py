"""Causes across components: what the monitor knows of them already."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from obs_dagster.monitor.contract import Strict

_EDGE = re.compile(r"([a-z_]+) *-> *([a-z_]+)")

Written = Annotated[str, Field(pattern=r"^[a-z_]+ *-> *[a-z_]+$")]


def edge_of(text: str) -> tuple[str, str] | None:
    """The cause and the effect of an edge as it is written; None if it is no edge.

    >>> edge_of("upstream -> data_quality")
    ('upstream', 'data_quality')
    """
    found = _EDGE.fullmatch(text.strip())
    return None if found is None else (found[1], found[2])


class Causes(Strict):
    """What is known of causes across components; the rest is learned from nights ([causes.md](causes.md))."""

    edges: tuple[Written, ...] = Field(
        default=(),
        description="What causes what for sure: `upstream -> data_quality`. It holds also against the "
        "order of stages.",
    )
    forbidden: tuple[Written, ...] = Field(
        default=(), description="What never causes what, though its stage comes before: `volume -> service`."
    )

    @property
    def declared(self) -> tuple[tuple[str, str], ...]:
        """The edges that are there, each as cause and effect."""
        return tuple(edge for text in self.edges if (edge := edge_of(text)) is not None)

    @property
    def never(self) -> tuple[tuple[str, str], ...]:
        """The edges that are not."""
        return tuple(edge for text in self.forbidden if (edge := edge_of(text)) is not None)

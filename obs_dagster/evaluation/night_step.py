"""A stage of a night, as a plan tells it."""

from __future__ import annotations

from dataclasses import dataclass

from obs_dagster.sources.warehouse_plan import Asked


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of a night.

    Attributes:
        stage: the asset.
        where: where its work is done.
        does: what it does, in a few words.
        back: what comes to this machine, and how much of it at most.
        asked: what a warehouse is asked for it.
    """

    stage: str
    where: str
    does: str
    back: str
    asked: tuple[Asked, ...] = ()

"""What explains a change, and how kinds of causes are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from obs_dagster.changes.pair import Pair
from obs_dagster.kinds import Kinds, Place
from obs_dagster.telemetry.event import Event


@dataclass(frozen=True, slots=True)
class Cause:
    """A suspected cause: with it undone, the change is gone but for noise.

    Attributes:
        kind: what happened ("scale").
        told: the same in words, with a question mark where it is a guess.
        share: the share of the rows with a value that is concerned, 1 for all.
        left: how far apart the two sides are with it undone, in shares of rows.
        fitted: how many numbers were fitted to find it; the fewer, the more it says.
        numbers: those, and what is known of them ("factor": 1000).
        fact: before and after, where the usual ones would not show it; else empty.
    """

    kind: str
    told: str
    share: float
    left: float
    fitted: int = 0
    numbers: Mapping[str, float] = field(default_factory=dict)
    fact: str = ""


class CauseKind(Protocol):
    """A kind of cause."""

    name: str

    def look(self, pair: Pair) -> Cause | None:
        """The cause, if it explains what happened to a column that `pair.telling` says so much of."""


KINDS: Kinds[CauseKind] = Kinds("cause", "obs_dagster.causes", [Place("obs_dagster.changes.causes", "CAUSE")])

_FAILED = Event(
    "obs_dagster.changes",
    "cause not looked for",
    "warning",
    "A kind of cause failed; the others were looked for, and what moved is told without it.",
    {"cause": "the kind", "error": "what it raised"},
)


def _looked(kind: CauseKind, pair: Pair) -> Cause | None:
    try:
        return kind.look(pair)
    except Exception as error:  # noqa: BLE001 - a suspicion less is no reason to lose the day's drift
        _FAILED(cause=kind.name, error=f"{type(error).__name__}: {error}")
        return None


def suspected(pair: Pair) -> Cause | None:
    """What explains best how a column has changed; None if nothing does, or too little is known of it.

    Of those that noise does not tell from the closest, it is one for which the fewest numbers were fitted.
    """
    if not pair.telling:
        return None
    found = [cause for kind in KINDS.all().values() if (cause := _looked(kind, pair)) is not None]
    loose = min((cause.left for cause in found), default=0.0) + pair.noise / 2
    alike = [cause for cause in found if cause.left <= loose]
    return min(alike, key=lambda cause: (cause.fitted, cause.left), default=None)

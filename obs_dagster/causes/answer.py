"""What comes of a question: what may have begun it, with probabilities, or why there are none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obs_dagster.causes.component import Component

_ENDS = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Probability:
    """A probability, as the nights leave it open.

    Attributes:
        value: its mean over all networks that the nights make likely.
        low, high: the ends of its 95 % credible interval.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, draws: NDArray[np.float64]) -> Probability:
        """The probability of which there is one value for each network that was drawn."""
        low, high = np.quantile(draws, _ENDS)
        return cls(float(draws.mean()), float(low), float(high))


@dataclass(frozen=True, slots=True)
class Effect:
    """What would be had a component been as usual.

    Attributes:
        chance: the chance of what is asked about on nights like this one, known up to this component.
        otherwise: the same, were this component as usual.
        all_the_same: the chance that what is asked about, which has happened, would have happened anyway.
        necessity: bounds of the probability of necessity, whatever made it happen (Tian and Pearl 2000).
    """

    chance: Probability
    otherwise: Probability
    all_the_same: Probability
    necessity: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A component that may have begun it.

    Attributes:
        component: the component.
        off: whether it is off on the days that are asked about; else it is not known on them.
        told: why it is off, in words.
        began: the probability that it began there; None where there are no probabilities.
        effect: what would be had it been as usual; None likewise, and where it is not known.
        off_nights: earlier nights on which it was off, and what is asked about was known.
        together: of these, how many on which that was off too.
    """

    component: Component
    off: bool
    told: Sequence[str]
    began: Probability | None
    effect: Effect | None
    off_nights: int
    together: int


@dataclass(frozen=True, slots=True)
class Link:
    """One component that is off as the cause of another one.

    Attributes:
        share: the probability that it is what made the other one go off.
        edge: how likely it is that it ever causes the other one directly.
    """

    cause: Component
    effect: Component
    share: Probability
    edge: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What began it that a component is off.

    Attributes:
        first, last: the days that are asked about.
        of: the component; None if nothing is off.
        told: why it is off, in words.
        nights: nights before that were learned from: of those alike in a row, the first.
        off_nights: of these, on how many the component was off.
        candidates: what may have begun it, the likeliest first; without probabilities, by stage.
        alone: the probability that nothing known began it.
        links: what led to what.
        reason: why there are no probabilities; empty if there are.
        unknown: components of which too little is known, in words.
    """

    model: str
    first: dt.date
    last: dt.date
    of: Component | None
    told: Sequence[str] = ()
    nights: int = 0
    off_nights: int = 0
    candidates: Sequence[Candidate] = ()
    alone: Probability | None = None
    links: Sequence[Link] = ()
    reason: str = ""
    unknown: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "model": self.model,
            "first": self.first,
            "last": self.last,
            "component": self.of.name if self.of else None,
            "evidence": list(self.told),
            "nights": self.nights,
            "off_nights": self.off_nights,
            "reason": self.reason,
            "nothing_known": _numbers(self.alone),
            "candidates": [
                {
                    "component": each.component.name,
                    "state": "off" if each.off else "unknown",
                    "evidence": list(each.told),
                    "began": _numbers(each.began),
                    **_effect(each.effect),
                    "off_nights": each.off_nights,
                    "together": each.together,
                }
                for each in self.candidates
            ],
            "links": [
                {
                    "cause": each.cause.name,
                    "effect": each.effect.name,
                    "share": _numbers(each.share),
                    "edge": each.edge,
                }
                for each in self.links
            ],
            "unknown": list(self.unknown),
        }


def _numbers(given: Probability | None) -> dict[str, float] | None:
    return None if given is None else {"value": given.value, "low": given.low, "high": given.high}


def _effect(given: Effect | None) -> dict[str, Any]:
    return {
        "chance": _numbers(given.chance) if given else None,
        "chance_otherwise": _numbers(given.otherwise) if given else None,
        "all_the_same": _numbers(given.all_the_same) if given else None,
        "necessity": list(given.necessity) if given else None,
    }

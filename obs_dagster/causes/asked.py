"""One question to the nights: which components it is about, whether they say enough, and what they say."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from obs_dagster.causes.answer import Answer, Candidate, Link, Probability
from obs_dagster.causes.component import Component
from obs_dagster.causes.found import Found
from obs_dagster.causes.network import Network, States, learn
from obs_dagster.causes.order import Edge, possible_among
from obs_dagster.causes.states import NORMAL, OFF, UNKNOWN, Nights

LEAST_NIGHTS = 60
"""Nights that have to be known before anything is learned from them."""

LEAST_OFF = 4
"""Nights on which each component that is off now has to have been off before."""

_MOST_UNKNOWN = 4
"""Components of a night that may be unknown."""


@dataclass(frozen=True)
class Question:
    """A question to the nights.

    Attributes:
        first, last: the days that are asked about: a component is off if it was on one of them.
        of: the name of the component that is asked about; None if none is off.
        off: components that are off by rules on longer windows, with these rules in words.
    """

    first: dt.date
    last: dt.date
    of: str | None
    off: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Asked:
    """A question about a component that is off, with the components that may come before it.

    Args:
        model: the model.
        nights: its nights.
        question: what is asked; of a component.
        declared: edges that are there for sure.
        forbidden: edges that are not.
    """

    def __init__(
        self,
        model: str,
        nights: Nights,
        question: Question,
        declared: Sequence[Edge] = (),
        forbidden: Sequence[Edge] = (),
    ) -> None:
        self._model, self._question, self._nights = model, question, nights
        names = [each.name for each in nights.components]
        about = names.index(str(question.of))
        before = _before(nights.components, about, declared, forbidden)
        past = nights.informative(question.first)
        now = nights.between(question.first, question.last)
        now[[names.index(name) for name in (*question.off, str(question.of))]] = OFF
        rows = past[past[:, about] != UNKNOWN]
        # its first nights have nothing before them that would say what is usual
        least = max(1, min(LEAST_NIGHTS, len(rows) // 2))
        seen = (rows != UNKNOWN).sum(axis=0)
        kept = [each for each in before if seen[each] >= least]
        # of what was hardly ever known nothing can be learned
        left = [each for each in before if each not in kept]
        self._unknown = [nights.components[each] for each in left if now[each] != OFF and seen[each]]
        self._unlearned = [nights.components[each] for each in left if now[each] == OFF]
        self._components = [nights.components[each] for each in [*kept, about]]
        self._past: States = past[:, [*kept, about]]
        self._now = now[[*kept, about]]
        self._last = len(kept)
        self._possible = possible_among(self._components, declared, forbidden)

    @cached_property
    def network(self) -> Network:
        """What the nights before say."""
        return learn(self._past, self._possible)

    def answer(self) -> Answer:
        """The answer, with probabilities or without."""
        reason = self._reason()
        if reason:
            beside = [_unlearned(each, self._evidence(each)) for each in self._unlearned]
            found = [*beside, *(self._candidate(each) for each in self._off())]
            return self._told(reason, sorted(found, key=lambda each: each.component.stage))
        told = Found(self.network, self._now, self._last, self._seed)
        known = [each for each in range(self._last) if self._now[each] != NORMAL]
        candidates = [self._candidate(each, told) for each in known]
        candidates.sort(key=lambda each: -each.began.value if each.began else 0.0)
        links = [
            Link(
                self._components[cause],
                self._components[effect],
                Probability.of(share),
                float(self.network.edges[cause, effect]),
            )
            for (effect, cause), share in told.links.items()
        ]
        links.sort(key=lambda each: (-each.effect.stage, -each.share.value))
        return self._told("", candidates, Probability.of(told.origins[:, self._last]), links)

    def as_payload(self, likely: float) -> dict[str, Any]:
        """The nights, a graph and what is asked, as plain data for another program.

        Args:
            likely: an edge is in the graph if it is more likely than this.
        """
        names = [each.name for each in self._components]
        edges = self.network.edges
        whole = self._past[(self._past != UNKNOWN).all(axis=1)]
        # what was never off, or never normal, tells nothing of the others
        vary = {each for each in range(len(names)) if len(set(whole[:, each])) > 1}
        likeliest = max(self.network.orders, key=lambda each: each.weight).order
        order = [each for each in likeliest if each in vary]
        before = order[: order.index(self._last)]
        held = {
            names[cause]: {
                names[each]: int(self._now[each])
                for each in before[: before.index(cause)]
                if self._now[each] != UNKNOWN
            }
            for cause in self._off()
            if cause in before
        }
        return {
            "columns": [names[each] for each in order],
            "rows": whole[:, order].tolist(),
            "edges": [
                [names[cause], names[effect]]
                for place, effect in enumerate(order)
                for cause in order[:place]
                if edges[cause, effect] > likely
            ],
            "last": names[self._last],
            "causes": held,
            "seed": self._seed,
        }

    def _told(
        self,
        reason: str,
        candidates: Sequence[Candidate],
        alone: Probability | None = None,
        links: Sequence[Link] = (),
    ) -> Answer:
        about, known = self._components[self._last], self._past[:, self._last]
        return Answer(
            self._model,
            self._question.first,
            self._question.last,
            about,
            self._evidence(about),
            int((known != UNKNOWN).sum()),
            int((known == OFF).sum()),
            candidates,
            alone,
            links,
            reason,
            [f"too little is known of {each.title} to be part of it" for each in self._unknown],
        )

    def _reason(self) -> str:
        """Why there are no probabilities; empty if there are."""
        known = int((self._past[:, self._last] != UNKNOWN).sum())
        if known < LEAST_NIGHTS:
            say = "night says" if known == 1 else "nights say"
            return f"{known} {say} too little of what leads to what; it takes {LEAST_NIGHTS}"
        if self._unlearned:
            return f"too few nights are known of {' and '.join(each.title for each in self._unlearned)}"
        counts = {each: int((self._past[:, each] == OFF).sum()) for each in [*self._off(), self._last]}
        rare = [f"{self._components[each].title} {n}" for each, n in counts.items() if n < LEAST_OFF]
        if rare:
            return f"too few nights before had the same off ({', '.join(rare)}; it takes {LEAST_OFF})"
        if (self._now == UNKNOWN).sum() > _MOST_UNKNOWN:
            return "too little is known of the night itself"
        return ""

    def _off(self) -> list[int]:
        return [each for each in range(self._last) if self._now[each] == OFF]

    def _candidate(self, number: int, found: Found | None = None) -> Candidate:
        component = self._components[number]
        cause, about = self._past[:, number], self._past[:, self._last]
        both = (cause == OFF) & (about != UNKNOWN)
        return Candidate(
            component,
            bool(self._now[number] == OFF),
            self._evidence(component),
            Probability.of(found.origins[:, number]) if found else None,
            found.effects.get(number) if found else None,
            int(both.sum()),
            int((both & (about == OFF)).sum()),
        )

    def _evidence(self, component: Component) -> list[str]:
        told = self._nights.told.get(component.name, {})
        days = [day for day in sorted(told) if self._question.first <= day <= self._question.last]
        several = self._question.first != self._question.last
        lines = [f"{text} on {day}" if several else text for day in days for text in told[day]]
        return list(dict.fromkeys([*lines, *self._question.off.get(component.name, ())]))

    @property
    def _seed(self) -> int:
        return zlib.crc32(f"{self._model} {self._question.of} {self._question.last}".encode())


def _unlearned(component: Component, told: Sequence[str]) -> Candidate:
    """A component that is off and of which no nights are known."""
    return Candidate(component, off=True, told=told, began=None, effect=None, off_nights=0, together=0)


def _before(
    components: Sequence[Component], about: int, declared: Sequence[Edge], forbidden: Sequence[Edge]
) -> list[int]:
    """The components that may come before one."""
    orders = possible_among(components, declared, forbidden).orders
    before = {each for order in orders for each in order[: order.index(about)]}
    return sorted(each for each in before if not components[each].ends)

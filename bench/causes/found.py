"""What is found in worlds, beside what is true of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.causes.world import World, as_nights, nights_with_trouble
from obs_dagster.causes.asked import Asked, Question
from obs_dagster.causes.network import learn
from obs_dagster.causes.order import possible_among
from obs_dagster.causes.score import Score, k2


@dataclass
class Found:
    """Answers beside the truth.

    Attributes:
        ranks: the place of where it really began, from 0, nothing that is known among the candidates.
        began: probabilities that it began somewhere, and whether it did.
        same: probabilities that it would be off all the same, and whether it would.
        chances: chances that were told, and the true ones.
        edges: probabilities of edges, and whether they are there.
        asked, refused: questions, and how many of them had no answer.
    """

    ranks: list[int] = field(default_factory=list)
    began: list[tuple[float, bool]] = field(default_factory=list)
    same: list[tuple[float, bool]] = field(default_factory=list)
    chances: list[tuple[float, float]] = field(default_factory=list)
    edges: list[tuple[float, bool]] = field(default_factory=list)
    asked: int = 0
    refused: int = 0

    def within(self, places: int) -> float:
        """How often the truth is among the first."""
        return float(np.mean([rank < places for rank in self.ranks]))

    def recall(self) -> float:
        """The share of the edges that are there which are more likely than not."""
        return float(np.mean([probability > 0.5 for probability, there in self.edges if there]))

    def precision(self) -> float:
        """The share of the edges that are more likely than not which are there."""
        return float(np.mean([there for probability, there in self.edges if probability > 0.5]))

    def away(self) -> float:
        """How far chances that were told lie from the true ones, on average."""
        return float(np.mean([abs(told - true) for told, true in self.chances]))


def brier(pairs: Sequence[tuple[float, bool]]) -> float:
    """The mean squared difference of probabilities and what came true."""
    return float(np.mean([(probability - came) ** 2 for probability, came in pairs]))


def unsharp(pairs: Sequence[tuple[float, bool]]) -> float:
    """The Brier score of always saying how often it comes true."""
    share = np.mean([came for _, came in pairs])
    return float(share * (1 - share))


def reliability(pairs: Sequence[tuple[float, bool]], parts: int = 5) -> list[tuple[int, float, float]]:
    """By fifths of the probability: how many, what was said on average and how often it came true."""
    said = np.array([probability for probability, _ in pairs])
    came = np.array([each for _, each in pairs], dtype=float)
    place = np.minimum((said * parts).astype(int), parts - 1)
    return [
        (int((place == part).sum()), float(said[place == part].mean()), float(came[place == part].mean()))
        for part in range(parts)
        if (place == part).any()
    ]


def miscalibration(pairs: Sequence[tuple[float, bool]], parts: int = 5) -> float:
    """The expected calibration error: what was said beside what came true, weighed by how often."""
    return sum(number * abs(said - came) for number, said, came in reliability(pairs, parts)) / len(pairs)


def look(
    seeds: Iterable[int], *, nights: int, questions: int, lasts: float = 0.0, found: Found | None = None
) -> Found:
    """Ask about nights of worlds.

    Args:
        seeds: a world of each.
        nights: that are learned from.
        questions: that are asked of each world.
        lasts: as worlds have it.
        found: what is added to; left out: a new one.
    """
    found = Found() if found is None else found
    for seed in seeds:
        _of_world(np.random.default_rng(seed), nights, questions, lasts, found)
    return found


def _of_world(random: np.random.Generator, nights: int, questions: int, lasts: float, found: Found) -> None:
    world = World.draw(random, lasts=lasts)
    drawn = world.nights(random, nights + 400)
    known = as_nights(drawn.states)
    asked = None
    for (night, last), _ in zip(nights_with_trouble(drawn.states, nights), range(questions), strict=False):
        # all questions of a world are asked of the same nights: what was learned is what is measured
        past = as_nights(np.concatenate([drawn.states[:nights], drawn.states[night : night + 1]]))
        question = Question(past.days[-1], past.days[-1], known.components[last].name)
        asked = Asked("world", past, question)
        _compare(world, drawn, (night, last), asked, found=found, random=random)
    if asked is not None:
        _edges(world, nights, drawn.states, found)


def _compare(world, drawn, at, asked, *, found, random) -> None:
    night, last = at
    answer = asked.answer()
    found.asked += 1
    if answer.alone is None:
        found.refused += 1
        return
    names = [each.name for each in as_nights(drawn.states[:1]).components]
    origin = world.origin(drawn, night, last, random)
    said = {each.component.name: each.began.value for each in answer.candidates if each.began}
    said[names[last]] = answer.alone.value
    ordered = sorted(said, key=lambda name: -said[name])
    found.ranks.append(ordered.index(names[origin]))
    found.began += [(probability, name == names[origin]) for name, probability in said.items()]
    states = drawn.states[night]
    for each in answer.candidates:
        cause = names.index(each.component.name)
        if each.effect is None or world.order.index(cause) > world.order.index(last):
            continue
        found.same.append((each.effect.all_the_same.value, world.all_the_same(drawn, night, cause, last)))
        found.chances.append((each.effect.chance.value, world.chance(states, cause, last, 1)))
        found.chances.append((each.effect.otherwise.value, world.chance(states, cause, last, 0)))


def _edges(world: World, nights: int, states: np.ndarray, found: Found, score: Score = k2) -> None:
    known = as_nights(states[:nights])
    possible = possible_among(known.components)
    network = learn(known.states, possible, score)
    for cause, effect in zip(*np.nonzero(possible.may), strict=True):
        found.edges.append((float(network.edges[cause, effect]), bool(world.weight[cause, effect] > 0)))


def look_at_edges(seeds: Iterable[int], *, nights: int, score: Score) -> Found:
    """What a score makes of the edges of worlds."""
    found = Found()
    for seed in seeds:
        random = np.random.default_rng(seed)
        world = World.draw(random)
        _edges(world, nights, world.nights(random, nights).states, found, score)
    return found

"""`python -m bench.champion`: how often a year of nightly looks at equal versions has a false verdict.

Two versions serve every day of a year, and neither is ever better: given what kind of row it is, both are
wrong by the same chances. What rows come to is drawn directly, by segment, as outcomes count it, and compared
as nights do. Years are drawn from their number, so every run has the same.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from scipy.stats import norm

from bench.table import table
from obs_dagster.evaluation.same_day import Judged, same_day
from obs_dagster.metrics.intervals import wilson
from obs_dagster.tasks.binary.compared import COMPARED as OF_DECISIONS
from obs_dagster.tasks.comparison import Comparison
from obs_dagster.tasks.multiclass.compared import COMPARED as OF_CLASSES
from obs_dagster.tasks.ranking.compared import COMPARED as OF_ORDERS
from obs_dagster.tasks.regression.compared import COMPARED as OF_ERRORS
from obs_dagster.versus.sequence import LEAST_DAYS, looks

NIGHTS = 365
_CUT = ("segment",)
_CELLS = ("segment=a", "segment=b", "segment=c", "segment=d")
_DOCUMENT = Path(__file__).parents[1] / "docs" / "versions.md"
_USUAL = float(norm.ppf(0.975))
_TAIL = 6
"""Degrees of freedom of the errors' t-distribution: large ones are frequent, fourth powers have a mean."""
_DOWN_TO = 10
"""The place down to which relevant items count."""


class Rows(Protocol):
    """What a version makes of rows.

    Attributes:
        compared: the metrics that it is compared by.
        worlds: how two such versions serve.
    """

    @property
    def compared(self) -> Mapping[str, Comparison]: ...

    def draw(
        self, random: np.random.Generator, rows: np.ndarray, season: float, luck: tuple[float, float]
    ) -> np.ndarray:
        """What rows of a day come to, shape (segments, v).

        Args:
            random: draws.
            rows: how many there are in each segment.
            season: what all versions are wrong about at this time of the year.
            luck: mean and spread of how much better than otherwise the version is on the day.
        """


class Decisions:
    """Right and wrong decisions of two classes."""

    compared: Mapping[str, Comparison] = {
        name: OF_DECISIONS[name] for name in ("recall", "precision", "accuracy", "f1")
    }
    _positive = np.array([0.1, 0.2, 0.3, 0.5])
    _found, _wrongly = np.array([0.5, 0.6, 0.7, 0.8]), np.array([0.05, 0.1, 0.15, 0.3])

    def draw(
        self, random: np.random.Generator, rows: np.ndarray, season: float, luck: tuple[float, float]
    ) -> np.ndarray:
        """By decision and label."""
        positive = random.binomial(rows, norm.cdf(norm.ppf(self._positive) + season))
        lucky = random.normal(*luck)
        hits = random.binomial(positive, norm.cdf(norm.ppf(self._found) + lucky))
        misses = random.binomial(rows - positive, norm.cdf(norm.ppf(self._wrongly) - lucky))
        return np.array([rows - positive - misses, positive - hits, misses, hits], float).T


class Classes:
    """Right and wrong classes."""

    compared = OF_CLASSES
    _right = np.array([0.9, 0.8, 0.7, 0.5])

    def draw(
        self, random: np.random.Generator, rows: np.ndarray, season: float, luck: tuple[float, float]
    ) -> np.ndarray:
        """Right ones and wrong ones."""
        lucky = random.normal(*luck) + season
        right = random.binomial(rows, norm.cdf(norm.ppf(self._right) + lucky))
        return np.array([right, rows - right], float).T


class Errors:
    """Errors with long tails, in some segments four times as large as in others."""

    compared = OF_ERRORS
    _size = np.array([1.0, 1.5, 2.0, 4.0])

    def draw(
        self, random: np.random.Generator, rows: np.ndarray, season: float, luck: tuple[float, float]
    ) -> np.ndarray:
        """Rows, and sums of sizes, squares and fourth powers."""
        scale = self._size * np.exp(season - random.normal(*luck))
        place = np.repeat(np.arange(len(rows)), rows)
        error = np.abs(random.standard_t(_TAIL, len(place))) * scale[place]
        square = error * error
        sums = [np.bincount(place, of, len(rows)) for of in (error, square, square * square)]
        return np.array([rows, *sums], float).T


class Orders:
    """Requests with one relevant item, on a place of its own chance."""

    compared = OF_ORDERS
    _first = np.array([0.5, 0.4, 0.2, 0.1])

    def draw(
        self, random: np.random.Generator, rows: np.ndarray, season: float, luck: tuple[float, float]
    ) -> np.ndarray:
        """Requests, values and their squares of each metric."""
        chance = norm.cdf(norm.ppf(self._first) + season + random.normal(*luck))
        request = np.repeat(np.arange(len(rows)), rows)
        place = random.geometric(chance[request]).astype(float)
        above = place <= _DOWN_TO
        values = {
            "ndcg": above / np.log2(place + 1),
            "hit_rate": above.astype(float),
            "mrr": 1 / place,
            "map": above / place,
        }
        sums = [
            [rows, *(np.bincount(request, values[name] ** power, len(rows)) for power in (1, 2))]
            for name in self.compared
        ]
        return np.array(sums, float).reshape(-1, len(rows)).T


TASKS: Mapping[str, Rows] = {
    "binary_classification": Decisions(),
    "multiclass_classification": Classes(),
    "regression": Errors(),
    "ranking": Orders(),
}


@dataclass(frozen=True)
class World:
    """How two versions that are equally good serve.

    Attributes:
        told: in words.
        rows: labelled rows, or requests, a day of each.
        tilt: how much more of the difficult segments the second version gets.
        between: by how much the chances of a day differ, for each version by itself, on the scale of probits,
            or of the logarithm of errors.
        weekend: rows of a weekend's day, as a part of those of others.
    """

    told: str
    rows: tuple[int, int] = (500, 500)
    tilt: float = 0.0
    between: float = 0.0
    weekend: float = 1.0

    def year(
        self, number: int, nights: int = NIGHTS, better: float = 0.0, task: str = "binary_classification"
    ) -> list[Judged]:
        """What the rows of each day come to; the first version may be better by some probits."""
        random = np.random.default_rng(number)
        return [self._day(random, night, better, TASKS[task]) for night in range(nights)]

    def _day(self, random: np.random.Generator, night: int, better: float, task: Rows) -> Judged:
        part = self.weekend if night % 7 >= 5 else 1.0
        season = 0.3 * np.sin(2 * np.pi * night / NIGHTS)
        found: dict[str, dict[tuple[str, ...], dict[str, np.ndarray]]] = {}
        for place, version in enumerate(("1", "2")):
            mix = np.exp(self.tilt * place * np.arange(len(_CELLS)))
            rows = random.multinomial(random.poisson(self.rows[place] * part), mix / mix.sum())
            cells = task.draw(random, rows, season, (better * (place == 0), self.between))
            found[version] = {(): {"*": cells.sum(axis=0)}, _CUT: dict(zip(_CELLS, cells, strict=True))}
        return found


WORLDS = {
    "alike": World("days alike, 500 rows of each"),
    "few": World("30 rows of each", rows=(30, 30)),
    "canary": World("a canary of 25 rows beside 500", rows=(25, 500)),
    "mix": World("the second gets far more of the difficult segments", tilt=0.6),
    "days differ": World(
        "days differ by more than their rows explain, and have weekends", between=0.1, weekend=0.3
    ),
}


def verdicts_of_a_year(days: Sequence[Judged], comparison: Comparison) -> tuple[int, bool]:
    """The night of the first verdict, 0 without any; and whether a usual 95 % interval left 0 on any night.

    Args:
        days: what the rows of each day come to.
        comparison: of the metrics that the task is compared by.
    """
    same = [each for day in days if (each := same_day(day, "1", "2", comparison)) is not None]
    differences = [each.difference for each in same]
    told = list(looks(differences))
    first = next((place for place, look in enumerate(told, 1) if look.decided), 0)
    weights = np.array([day.weight for day in differences])
    means = np.cumsum(weights * [day.difference for day in differences]) / np.cumsum(weights)
    spread = np.sqrt(np.cumsum(weights**2 * [day.variance for day in differences])) / np.cumsum(weights)
    usual = bool((np.abs(means) > _USUAL * spread)[LEAST_DAYS - 1 :].any())
    return first, usual


def report(years: int, task: str, worlds: Sequence[str]) -> str:
    """The table of false verdicts a year of a task."""
    rows, compared = [], TASKS[task].compared
    for name in worlds:
        world = WORLDS[name]
        wrong, usual = dict.fromkeys(compared, 0), 0
        for number in range(years):
            days = world.year(number, task=task)
            for metric, comparison in compared.items():
                first, left = verdicts_of_a_year(days, comparison)
                wrong[metric] += first > 0
                usual += left
        told = (_told(each, years) for each in wrong.values())
        rows.append([name, world.told, *told, f"{100 * usual / years / len(compared):.0f} %"])
        print(rows[-1], flush=True)
    said = (
        f"Years of {NIGHTS} nightly looks that have a false verdict on any night, of {years} years in which "
        "the versions are equally good, with Wilson's 95 % interval; beside it those in which a usual 95 % "
        "interval leaves 0 on some night."
    )
    titles = ("world", "how they serve", *compared, "a usual interval")
    return f"{said}\n\n{table(titles, rows, words=2)}"


def _told(wrong: int, years: int) -> str:
    low, high = wilson(wrong, years)
    return f"{100 * wrong / years:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def main() -> None:
    """Simulate, and write the tables into docs/versions.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=200)
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--worlds", nargs="*", default=list(WORLDS), choices=list(WORLDS))
    options = parser.parse_args()
    for task in options.tasks:
        text = report(options.years, task, options.worlds)
        print(text)
        if options.worlds == list(WORLDS):
            _write(task, text)


def _write(task: str, text: str) -> None:
    """Put the table of a task where the document has its marks."""
    begin, end = f"<!-- results: champion, {task} -->", "<!-- end -->"
    before = _DOCUMENT.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{end}", re.DOTALL)
    _DOCUMENT.write_text(pattern.sub(lambda _: f"{begin}\n\n{text}\n\n{end}", before), encoding="utf-8")


if __name__ == "__main__":
    main()

"""`python -m bench.champion`: how often a year of nightly looks at equal versions has a false verdict.

Two versions serve every day of a year, and neither is ever better: given what kind of row it is, both decide
by the same chances. Rows are counted directly, by segment, decision and label, and compared as nights do.
Years are drawn from their number, so every run has the same.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import norm

from bench.table import table
from obs_dagster.evaluation.versus import Judged, same_day
from obs_dagster.metrics.champion import COMPARED
from obs_dagster.metrics.intervals import wilson
from obs_dagster.versus.sequence import LEAST_DAYS, looks

NIGHTS = 365
_CUT = ("segment",)
_CELLS = ("segment=a", "segment=b", "segment=c", "segment=d")
_POSITIVE = np.array([0.1, 0.2, 0.3, 0.5])
_FOUND, _WRONGLY = np.array([0.5, 0.6, 0.7, 0.8]), np.array([0.05, 0.1, 0.15, 0.3])
_DOCUMENT = Path(__file__).parents[1] / "docs" / "versions.md"
_USUAL = float(norm.ppf(0.975))


@dataclass(frozen=True)
class World:
    """How two versions that are equally good serve.

    Attributes:
        told: in words.
        rows: labelled rows a day of each.
        tilt: how much more of the difficult segments the second version gets.
        between: by how much the chances of a day differ, for each version by itself, on the scale of probits.
        weekend: rows of a weekend's day, as a part of those of others.
    """

    told: str
    rows: tuple[int, int] = (500, 500)
    tilt: float = 0.0
    between: float = 0.0
    weekend: float = 1.0

    def year(self, number: int, nights: int = NIGHTS, better: float = 0.0) -> list[Judged]:
        """The labelled rows of each day; the first version may decide better by some probits."""
        random = np.random.default_rng(number)
        return [self._day(random, night, better) for night in range(nights)]

    def _day(self, random: np.random.Generator, night: int, better: float) -> Judged:
        part = self.weekend if night % 7 >= 5 else 1.0
        season = 0.3 * np.sin(2 * np.pi * night / NIGHTS)
        found: dict[str, dict[tuple[str, ...], dict[str, np.ndarray]]] = {}
        for place, version in enumerate(("1", "2")):
            mix = np.exp(self.tilt * place * np.arange(len(_CELLS)))
            rows = random.multinomial(random.poisson(self.rows[place] * part), mix / mix.sum())
            positive = random.binomial(rows, norm.cdf(norm.ppf(_POSITIVE) + season))
            lucky = random.normal(0, self.between) + better * (place == 0)
            hits = random.binomial(positive, norm.cdf(norm.ppf(_FOUND) + lucky))
            misses = random.binomial(rows - positive, norm.cdf(norm.ppf(_WRONGLY) - lucky))
            cells = np.array([[rows - positive - misses, positive - hits], [misses, hits]], float)
            of_cell = {cell: cells[:, :, at] for at, cell in enumerate(_CELLS)}
            found[version] = {(): {"*": cells.sum(axis=2)}, _CUT: of_cell}
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


def verdicts_of_a_year(days: Sequence[Judged], metric: str) -> tuple[int, bool]:
    """The night of the first verdict, 0 without any; and whether a usual 95 % interval left 0 on any night.

    Args:
        days: the labelled rows of each day.
        metric: one of `COMPARED`.
    """
    same = [each for day in days if (each := same_day(day, "1", "2", metric)) is not None]
    differences = [each.difference for each in same]
    told = list(looks(differences))
    first = next((place for place, look in enumerate(told, 1) if look.decided), 0)
    weights = np.array([day.weight for day in differences])
    means = np.cumsum(weights * [day.difference for day in differences]) / np.cumsum(weights)
    spread = np.sqrt(np.cumsum(weights**2 * [day.variance for day in differences])) / np.cumsum(weights)
    usual = bool((np.abs(means) > _USUAL * spread)[LEAST_DAYS - 1 :].any())
    return first, usual


def report(years: int, worlds: Sequence[str]) -> str:
    """The table of false verdicts a year."""
    rows = []
    for name in worlds:
        world = WORLDS[name]
        wrong, usual = dict.fromkeys(COMPARED, 0), 0
        for number in range(years):
            days = world.year(number)
            for metric in COMPARED:
                first, left = verdicts_of_a_year(days, metric)
                wrong[metric] += first > 0
                usual += left
        told = (_told(each, years) for each in wrong.values())
        rows.append([name, world.told, *told, f"{100 * usual / years / len(COMPARED):.0f} %"])
        print(rows[-1], flush=True)
    said = (
        f"Years of {NIGHTS} nightly looks that have a false verdict on any night, of {years} years in which "
        "the versions are equally good, with Wilson's 95 % interval; beside it those in which a usual 95 % "
        "interval leaves 0 on some night."
    )
    titles = ("world", "how they serve", *COMPARED, "a usual interval")
    return f"{said}\n\n{table(titles, rows, words=2)}"


def _told(wrong: int, years: int) -> str:
    low, high = wilson(wrong, years)
    return f"{100 * wrong / years:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def main() -> None:
    """Simulate, and write the table into docs/versions.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=200)
    parser.add_argument("--worlds", nargs="*", default=list(WORLDS), choices=list(WORLDS))
    options = parser.parse_args()
    text = report(options.years, options.worlds)
    print(text)
    if options.worlds == list(WORLDS):
        marks = "<!-- results: champion -->", "<!-- end -->"
        before = _DOCUMENT.read_text(encoding="utf-8")
        pattern = re.compile(f"{marks[0]}.*?{marks[1]}", re.DOTALL)
        after = pattern.sub(lambda _: f"{marks[0]}\n\n{text}\n\n{marks[1]}", before)
        _DOCUMENT.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()

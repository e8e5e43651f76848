"""`python -m bench.false_alarms`: how often a year of quiet nights alarms, with counts drawn directly.

A year is 365 nights of 20 columns, each a day's rows in ten bins, after the days of a baseline that differ in
the same way. Nothing ever moves. Years are drawn from their number, so every run has the same.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.stats import chi2, false_discovery_control, norm

from bench.quiet_missing import report as report_of_missing
from bench.quiet_rows import report as report_of_rows
from bench.quiet_rows import told
from bench.report import replaced
from bench.table import table
from obs_dagster.evidence.bins import bins_of
from obs_dagster.evidence.detector import Detectors, e_values
from obs_dagster.evidence.variation import Variation, variation_of
from obs_dagster.profile.distribution import NumericCounts

COLUMNS, NIGHTS, ROWS, BINS = 20, 365, 5_000, 10
_FIRST = dt.date(2024, 1, 1)
_DOCUMENT = Path(__file__).parents[1] / "docs" / "evidence.md"
_EDGES = norm.ppf(np.arange(1, BINS) / BINS)

Generator = np.random.Generator
Shares = Callable[[Generator, int], np.ndarray]
"""From how many days to the shares of the bins, (days, columns, bins)."""


@dataclass(frozen=True)
class World:
    """How days differ.

    Attributes:
        told: in words.
        shares: of the days.
        weekend: rows of a weekend's day, as a part of those of others.
        ordered: whether the bins are those of numbers, or values of a category.
    """

    told: str
    shares: Shares
    weekend: float = 1.0
    ordered: bool = True

    def days(self, number: int, days: int) -> np.ndarray:
        """The rows per bin of some days of a year, (days, columns, bins)."""
        random = np.random.default_rng(number)
        part = np.where(np.arange(days) % 7 < 5, 1.0, self.weekend)
        rows = random.poisson(ROWS * part[:, None], size=(days, COLUMNS))
        return random.multinomial(rows, self.shares(random, days))


def _alike(random: Generator, days: int) -> np.ndarray:
    del random
    return np.full((days, COLUMNS, BINS), 1 / BINS)


def _dirichlet(correlation: float) -> Shares:
    def shares(random: Generator, days: int) -> np.ndarray:
        drawn = random.gamma((1 / correlation - 1) / BINS, size=(days, COLUMNS, BINS))
        return drawn / drawn.sum(axis=-1, keepdims=True)

    return shares


def _normal(means: np.ndarray, spreads: np.ndarray | float = 1.0) -> np.ndarray:
    """The shares of normal values in the tenths of the standard one."""
    below = norm.cdf((_EDGES - means[..., None]) / np.broadcast_to(spreads, means.shape)[..., None])
    ends = np.zeros((*means.shape, 1)), np.ones((*means.shape, 1))
    return np.diff(np.concatenate([ends[0], below, ends[1]], axis=-1), axis=-1)


def _shifts(random: Generator, days: int) -> np.ndarray:
    size = (days, COLUMNS)
    return _normal(random.normal(0, 0.2, size), np.exp(random.normal(0, 0.1, size)))


def _heavy(random: Generator, days: int) -> np.ndarray:
    return _normal(0.2 * random.standard_t(5, (days, COLUMNS)))


def _weekly(random: Generator, days: int) -> np.ndarray:
    week = random.normal(0, 0.3, (7, COLUMNS))
    return _normal(random.normal(0, 0.2, (days, COLUMNS)) + week[np.arange(days) % 7])


def _spells(random: Generator, days: int) -> np.ndarray:
    means = np.zeros((days, COLUMNS))
    before = random.normal(0, 0.2, COLUMNS)
    for day in range(days):
        before = means[day] = 0.5 * before + np.sqrt(0.75) * random.normal(0, 0.2, COLUMNS)
    return _normal(means)


@dataclass(frozen=True)
class Beside(World):
    """Most rows have one number, and the others are counted on bins as columns of a log are."""

    def days(self, number: int, days: int) -> np.ndarray:
        """The rows per bin, of those of the first 60 days."""
        fine = super().days(number, days)
        points = np.arange(fine.shape[-1], dtype=np.float64)

        def counted(counts: np.ndarray) -> NumericCounts:
            return NumericCounts(points, np.zeros(len(points)), counts)

        columns = []
        for column in range(COLUMNS):
            bins = bins_of(counted(fine[:_DAYS, column].sum(axis=0)), _DAYS)
            # nothing is missing, or far beyond what the first days have
            columns.append(bins.count_days([counted(day) for day in fine[:, column]])[:, 1:-2])
        return np.stack(columns, axis=1)


def _beside(random: Generator, days: int) -> np.ndarray:
    """One value that 98 % of rows have, and forty others; days differ in how many, and in which."""
    others = 0.018 * np.exp(0.3 * random.normal(size=(days, COLUMNS, 1)) - 0.045)
    edges = norm.ppf(np.arange(1, 40) / 40) - random.normal(0, 0.2, (days, COLUMNS, 1))
    ends = np.zeros((days, COLUMNS, 1)), np.ones((days, COLUMNS, 1))
    apart = others * np.diff(np.concatenate([ends[0], norm.cdf(edges), ends[1]], axis=-1), axis=-1)
    return np.concatenate([1 - apart.sum(axis=-1, keepdims=True), apart], axis=-1)


WORLDS = {
    "independent": World("days alike, rows independent", _alike),
    "overdispersed": World("each value's share differs from day to day", _dirichlet(0.01), ordered=False),
    "shifts": World("values shift by 0.2 standard deviations, and spread by a tenth", _shifts),
    "weekly": World(
        "as that, with a rhythm of the week of 0.3, and a third of the rows on weekends", _weekly, 0.3
    ),
    "spells": World("shifts of 0.2 that last: half of a day's is there the day after", _spells),
    "heavy": World("shifts of 0.2 with the tails of Student's t of 5 degrees", _heavy),
    "beside": Beside(
        "98 % of rows have one number; days have 30 % more or fewer others, which shift by 0.2", _beside
    ),
}


BASELINES = {
    "days": "60 days before",
    "rolling": "28 days, rolling",
    "training": "training rows, days of the nights before",
    "before": "the nights before (`break_evidence`)",
}
"""What nights are held against, as each kind of baseline has it."""

#: The worlds that a promise is about; of the others there are fewer years.
_PROMISED = ("independent", "overdispersed")
_DAYS, _ROLLING, _MOST, _LEFT_OUT = 60, 28, 56, 7
_AT_ONCE = 73
"""Nights that are measured at once, so that memory stays small."""


def p_values_of_a_year(
    days: np.ndarray, nights: int = NIGHTS, *, ordered: bool = True
) -> dict[str, np.ndarray]:
    """The p-values of the last nights of some days, (nights, columns), by what they are held against.

    Args:
        days: rows per bin, (days, columns, bins); those before the nights are for baselines.
        nights: how many.
        ordered: whether the bins are those of numbers, or values of a category.
    """
    first = len(days) - nights
    of_days = np.moveaxis(days, 0, -2)
    trained = days[first - _DAYS : first].sum(axis=0)
    found: dict[str, list[np.ndarray]] = {each: [] for each in BASELINES}
    found["days"].append(variation_of(of_days[:, first - _DAYS : first], ordered).p_values(days[first:]))
    for begin in range(0, nights, _AT_ONCE):
        part = np.arange(begin, min(begin + _AT_ONCE, nights)) + first
        rolling, before = (
            _before(of_days, part, known, ordered=ordered) for known in (_ROLLING - _LEFT_OUT, _MOST)
        )
        held = {"rolling": rolling, "training": before.around(trained), "before": before}
        for each, variation in held.items():
            found[each].append(variation.p_values(days[part]))
    return {each: np.concatenate(parts) for each, parts in found.items()}


def _before(of_days: np.ndarray, nights: np.ndarray, known: int, *, ordered: bool) -> Variation:
    """How the days before some nights differ, by night and column.

    The latest week does not say how days differ: a fault that has just begun would be in it.
    """
    windows = sliding_window_view(of_days, known, axis=1)
    return variation_of(np.moveaxis(windows[:, nights - known - _LEFT_OUT], (0, -1), (1, 2)), ordered)


def alarms_of_a_year(p_values: np.ndarray, a_year: float = 1) -> int:
    """How many alarms a year has of all columns together; those of one night are one.

    Args:
        p_values: of its nights, (nights, columns).
        a_year: the budget.
    """
    detectors, alarms, known = Detectors[int](a_year), 0, frozenset[int]()
    for night, bets in enumerate(e_values(p_values)):
        found = detectors.night(_FIRST + dt.timedelta(days=night), dict(enumerate(bets.tolist())))
        alarming = frozenset(column for column, each in found.items() if each.alarm)
        alarms += bool(alarming - known)
        known = alarming
    return alarms


def size_nights(days: np.ndarray, nights: int = NIGHTS) -> int:
    """On how many nights the sizes of default rules are reached: a PSI of 0.5 of a day, of 0.25 of a week."""
    first = len(days) - nights
    baseline = _filled(days[first - _DAYS : first].sum(axis=0))
    weeks = np.cumsum(days, axis=0)
    of_weeks = weeks[first:] - weeks[first - 7 : -7]
    reached = (_psi(baseline, days[first:]) > 0.5) | (_psi(baseline, of_weeks) > 0.25)
    return int(reached.any(axis=1).sum())


def _psi(baseline: np.ndarray, counts: np.ndarray) -> np.ndarray:
    shares = _filled(counts)
    return ((shares - baseline) * np.log(shares / baseline)).sum(axis=-1)


def _filled(counts: np.ndarray) -> np.ndarray:
    return np.maximum(counts / counts.sum(axis=-1, keepdims=True), 1e-4)


def chi_square_nights(days: np.ndarray, nights: int = NIGHTS) -> int:
    """On how many nights of a year χ² at 5 %, corrected by Benjamini and Hochberg, alarms."""
    first = len(days) - nights
    before, after = days[first - _DAYS : first].sum(axis=0), days[first:]
    p, q = before / before.sum(axis=-1, keepdims=True), after / after.sum(axis=-1, keepdims=True)
    n, m = before.sum(axis=-1), after.sum(axis=-1)
    pooled = (before + after) / (n + m)[..., None]
    statistic = ((q - p) ** 2 / pooled).sum(axis=-1) * n * m / (n + m)
    found = false_discovery_control(chi2.sf(statistic, before.shape[-1] - 1), axis=1)
    return int((found < 0.05).any(axis=1).sum())


def days_of_a_year(world: World, number: int) -> np.ndarray:
    """A year's nights after as many days as any baseline takes."""
    return world.days(number, _MOST + _LEFT_OUT + NIGHTS)


def report(years: int, worlds: Sequence[str]) -> str:
    """The table of alarms a year."""
    rows = []
    for name in worlds:
        world = WORLDS[name]
        alarms: dict[str, list[int]] = {each: [] for each in BASELINES}
        plain, sizes = [], []
        number = years if name in _PROMISED else years * 3 // 10
        for year in range(number):
            days = days_of_a_year(world, year)
            plain.append(chi_square_nights(days))
            sizes.append(size_nights(days))
            for each, p_values in p_values_of_a_year(days, ordered=world.ordered).items():
                alarms[each].append(alarms_of_a_year(p_values))
        by_baseline = (told(found) for found in alarms.values())
        counted = f"{number}", f"{np.mean(plain):.0f}", f"{np.mean(sizes):.1f}"
        rows.append([name, world.told, *counted, *by_baseline])
        print(rows[-1], flush=True)
    titles = (
        "days",
        "how they differ",
        "years",
        "χ² with BH: nights",
        "size alone: nights",
        *BASELINES.values(),
    )
    heading = (
        f"Alarms a year at a budget of 1, mean and 95 % interval, of years of {NIGHTS} nights, {COLUMNS} "
        f"columns and {ROWS:,} rows a day, by what nights are held against. Beside it the nights a year on "
        "which χ² at 5 % alarms, corrected by Benjamini and Hochberg, and on which a PSI of 0.5 of a day or "
        "of 0.25 of a week is reached, the sizes of default rules without evidence."
    )
    return f"{heading}\n\n{table(titles, rows, words=2)}"


def main() -> None:
    """Simulate, and write the table into docs/evidence.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--years", type=int, default=200, help="of independent and overdispersed days; of others three tenths"
    )
    parser.add_argument("--worlds", nargs="*", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--rows", action="store_true", help="those of numbers of rows, and nothing else")
    parser.add_argument("--missing", action="store_true", help="those of what is missing, and nothing else")
    options = parser.parse_args()
    if not options.missing:
        of_rows = report_of_rows(options.years)
        print(of_rows)
        _write("false alarms of rows", of_rows)
    if not options.rows:
        of_missing = report_of_missing(options.years // 10)
        print(of_missing)
        _write("false alarms of missing values", of_missing)
    if options.rows or options.missing:
        return
    text = report(options.years, options.worlds)
    print(text)
    if options.worlds == list(WORLDS):
        _write("false alarms", text)


def _write(part: str, content: str) -> None:
    text = _DOCUMENT.read_text(encoding="utf-8")
    _DOCUMENT.write_text(replaced(text, part, content), encoding="utf-8")


if __name__ == "__main__":
    main()

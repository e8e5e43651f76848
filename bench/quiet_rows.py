"""How often a year of quiet nights alarms by its numbers of rows; part of `python -m bench.false_alarms`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import numpy as np
from scipy.stats import chi2

from bench.table import table
from obs_dagster.evidence.detector import Detectors, e_value
from obs_dagster.evidence.volume import LEFT_OUT_NIGHTS, MOST_NIGHTS, Volume
from obs_dagster.metrics.quality.rows_evidence import MOST

FIRST, NIGHTS = dt.date(2024, 1, 1), 365
_BEFORE = MOST_NIGHTS + LEFT_OUT_NIGHTS

Generator = np.random.Generator
Levels = Callable[[Generator, int], np.ndarray]
"""From how many days to the rows that are expected of each."""


def _weekend(days: int, part: float) -> np.ndarray:
    return np.where(np.arange(days) % 7 > 4, part, 1.0)


def _spells(random: Generator, days: int) -> np.ndarray:
    off = np.zeros(days)
    for day in range(1, days):
        off[day] = 0.5 * off[day - 1] + np.sqrt(0.75) * random.normal(0, 0.1)
    return 1_000 * np.exp(off)


def _holidays(random: Generator, days: int) -> np.ndarray:
    """Ten days a year of which half of the rows lack, each by itself."""
    level = 1_000 * _weekend(days, 0.6) * np.exp(random.normal(0, 0.03, days))
    level[random.choice(days, round(10 * days / 365), replace=False)] *= 0.5
    return level


WORLDS: Mapping[str, tuple[str, Levels]] = {
    "independent": ("1,000 rows that come independently", lambda _, days: np.full(days, 1_000.0)),
    "few": ("40 of them", lambda _, days: np.full(days, 40.0)),
    "overdispersed": (
        "days differ by a tenth",
        lambda random, days: 1_000 * np.exp(random.normal(0, 0.1, days)),
    ),
    "weekly": (
        "by a twentieth, and weekends have three fifths",
        lambda random, days: 1_000 * _weekend(days, 0.6) * np.exp(random.normal(0, 0.05, days)),
    ),
    "growing": (
        "as that, with 2 % more every week",
        lambda random, days: (
            1_000 * _weekend(days, 0.6) * np.exp(random.normal(0, 0.05, days) + 0.02 * np.arange(days) / 7)
        ),
    ),
    "season": (
        "by a twentieth, with a swing of a fifth over the year",
        lambda random, days: (
            1_000 * np.exp(random.normal(0, 0.05, days) + 0.2 * np.sin(2 * np.pi * np.arange(days) / 365))
        ),
    ),
    "spells": ("by a tenth that lasts: half of a day's is there the day after", _spells),
    "heavy": (
        "by a tenth with the tails of Student's t of 5 degrees",
        lambda random, days: 1_000 * np.exp(0.1 * random.standard_t(5, days)),
    ),
    "holidays": ("a rhythm of the week, and ten days a year with half of the rows", _holidays),
}


def rows_of_a_year(name: str, number: int) -> list[tuple[dt.date, int]]:
    """The rows of a year's nights, after as many as say how nights differ."""
    random, days = np.random.default_rng(number), _BEFORE + NIGHTS
    drawn = random.poisson(WORLDS[name][1](random, days))
    return [(FIRST + dt.timedelta(days=day), int(rows)) for day, rows in enumerate(drawn)]


def alarms_of_rows(rows: list[tuple[dt.date, int]], a_year: float = 1) -> int:
    """How many alarms a year has."""
    detectors, alarms, before = Detectors[int](a_year), 0, False
    for night in range(_BEFORE, len(rows)):
        known = Volume.of(rows[night - _BEFORE : night - LEFT_OUT_NIGHTS])
        if known is not None:
            day, now = rows[night]
            bet = min(e_value(known.p_value(day, now)), 10**MOST)
            alarm = detectors.night(day, {0: bet})[0].alarm
            alarms, before = alarms + (alarm and not before), alarm
    return alarms


def told(alarms: list[int]) -> str:
    """The mean, with the exact interval of a Poisson number."""
    found, years = sum(alarms), len(alarms)
    low, high = chi2.ppf(0.025, 2 * found) / 2 if found else 0.0, chi2.ppf(0.975, 2 * found + 2) / 2
    return f"{found / years:.2f} ({low / years:.2f} to {high / years:.2f})"


def report(years: int) -> str:
    """The table of alarms a year."""
    lines = []
    for name, (words, _) in WORLDS.items():
        alarms = [alarms_of_rows(rows_of_a_year(name, year)) for year in range(years)]
        lines.append([name, words, f"{years}", told(alarms)])
    text = (
        "Alarms a year by numbers of rows (`rows_evidence`) at a budget of 1, mean and 95 % interval, of "
        f"years of {NIGHTS} nights, each held against up to {MOST_NIGHTS} nights before."
    )
    return f"{text}\n\n{table(['nights', 'how they differ', 'years', 'alarms a year'], lines, words=2)}"

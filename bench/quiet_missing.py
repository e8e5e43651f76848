"""How often a year of quiet nights alarms by what is missing; part of `python -m bench.false_alarms`.

Sources fail now and then: on one day of fourteen a column lacks 2 to 30 % of its values. Nothing else does.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import numpy as np

from bench.quiet_rows import FIRST, NIGHTS, told
from bench.table import table
from obs_dagster.evidence.bins import bins_of
from obs_dagster.evidence.detector import Detectors, e_value
from obs_dagster.evidence.questions import Questions
from obs_dagster.profile.distribution import NumericCounts

COLUMNS, ROWS = 20, 1_000
DAYS = 28, 60
"""How many days the baseline has."""
_FAILS, _LEAST, _MOST = 1 / 14, 0.02, 0.3
_VALUES = np.arange(10.0)
#: Days of the baseline on which a source failed, from so many on in one line.
_LINES = 0, 1, 2, 3


def missing(number: int, days: int) -> np.ndarray:
    """Rows without a value on some days of a year, (days, columns)."""
    random = np.random.default_rng(number)
    fails = random.uniform(size=(days, COLUMNS)) < _FAILS
    return random.binomial(ROWS, np.where(fails, random.uniform(_LEAST, _MOST, fails.shape), 0.0))


def alarms_of_a_year(lost: np.ndarray, days: int) -> list[tuple[int, int]]:
    """Of each column, on how many days of its baseline the source failed, and its alarms in a year.

    Args:
        lost: rows without a value, (days and nights, columns).
        days: those of the baseline.
    """
    columns = range(lost.shape[1])
    known = [
        Questions.of(bins_of(_day(0), days), [_day(each) for each in lost[:days, column]])
        for column in columns
    ]
    detectors, alarms, before = Detectors[int](1.0), [0] * len(columns), frozenset[int]()
    for night in range(NIGHTS):
        bets = {
            column: e_value(known[column].p_value(_day(lost[days + night, column]))) for column in columns
        }
        found = detectors.night(FIRST + dt.timedelta(days=night), bets)
        alarming = frozenset(column for column, each in found.items() if each.alarm)
        for column in alarming - before:
            alarms[column] += 1
        before = alarming
    return list(zip((lost[:days] > 0).sum(axis=0).tolist(), alarms, strict=True))


def _day(lost: int) -> NumericCounts:
    """A day's values, which are the same every day but for those that are missing."""
    counts = np.full(len(_VALUES), (ROWS - lost) // len(_VALUES))
    counts[: (ROWS - lost) % len(_VALUES)] += 1
    return NumericCounts(_VALUES, np.zeros(len(_VALUES)), counts, nulls=int(lost))


def report(years: int) -> str:
    """The table of alarms a year of a column, by how often its source failed before."""
    alarms: dict[tuple[int, int], list[int]] = defaultdict(list)
    for days in DAYS:
        for year in range(years):
            for failed, count in alarms_of_a_year(missing(year, days + NIGHTS), days):
                alarms[days, min(failed, _LINES[-1])].append(count)
    titles = [
        "days of the baseline on which it lacked some",
        *(text for days in DAYS for text in (f"of {days}: columns", "alarms a year of each")),
    ]
    rows = [
        [
            f"{line} or more" if line == _LINES[-1] else f"{line}",
            *(
                text
                for days in DAYS
                for found in [alarms[days, line]]
                for text in (f"{len(found)}", told(found) if found else "")
            ),
        ]
        for line in _LINES
    ]
    heading = (
        f"Alarms a year of a column that lacks {_LEAST:.0%} to {_MOST:.0%} of its values on one day of "
        f"{1 / _FAILS:.0f}, mean and 95 % interval, at a budget of 1 for {COLUMNS} such columns, of years of "
        f"{NIGHTS} nights of {ROWS:,} rows."
    )
    return f"{heading}\n\n{table(titles, rows)}"

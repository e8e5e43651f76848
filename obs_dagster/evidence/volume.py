"""How surprising a day's number of rows is, beside the nights before it.

Rows that come independently have a number that is Poisson's. Nights differ by more, or by less where a
timetable makes them, and most have a rhythm of the week. So log n of the nights before is taken apart into a
level, weekdays and the rest. Weekdays are random effects: each is shrunk by how much of its distance from
the level is chance (James and Stein), so a rhythm that is not there costs nothing. The rest says how nights
differ, as `evidence.spread` measures days: its design effect, its tail, its likeness from night to night.
What is held against it is the deviance of the day's number from the level of its weekday.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from obs_dagster.evidence.spread import FloatArray, IntArray, Spread, spread_of

TOLERANCE = 0.01
"""A hundredth of the rows, more or less, is no news."""

LEAST_NIGHTS = 20
"""Fewer nights don't tell how nights differ."""

MOST_NIGHTS, LEFT_OUT_NIGHTS = 56, 7
"""The nights that say how nights differ: the latest ones, but for those of the week before. What is wrong
with the day may have begun in it."""

BoolArray = NDArray[np.bool_]

_WEEK = 7
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Volume:
    """How the numbers of rows of nights differ.

    Attributes:
        usual: the level of each weekday from Monday on, shape (7,).
        unsure: the variance of its logarithm as an estimate, shape (7,).
        spread: how far nights lie from it.
    """

    usual: FloatArray
    unsure: FloatArray
    spread: Spread

    @classmethod
    def of(cls, nights: Sequence[tuple[dt.date, int]]) -> Volume | None:
        """What nights say, in the order of time; None if too few of them have rows."""
        known = [(day.weekday(), rows) for day, rows in nights if rows > 0]
        if len(known) < LEAST_NIGHTS:
            return None
        weekday, rows = (np.array(each) for each in zip(*known, strict=True))
        levels = _Levels.of(weekday, np.log(rows))
        usual = np.exp(levels.logs)
        expected = usual[weekday]
        # a night is a part of what it is held against
        own = np.sqrt(np.maximum(1 - levels.leverage[weekday], _TINY))
        residuals = _distance(rows, expected) * np.sqrt(expected) / own
        spread = spread_of(residuals[:, np.newaxis], expected, 1)
        noise = spread.design_effect(expected.mean()) / expected.mean()
        unsure = levels.leverage * noise + np.where(levels.known, 0.0, levels.variance)
        # weekdays that were learned from nights leave fewer to say how nights differ
        return cls(usual, unsure, replace(spread, days=max(round(len(rows) - levels.learned), 2)))

    def p_value(self, day: dt.date, rows: int) -> float:
        """How likely a night is to have a number of rows so far off if nights differ as they did, 0 to 1."""
        usual = self.usual[day.weekday()]
        spread = self.spread.around(float(self.unsure[day.weekday()]))
        distance = _distance(np.asarray(rows), usual) ** 2
        return float(spread.p_values(distance, np.maximum(usual, 1.0), 1, TOLERANCE**2))


@dataclass(frozen=True, slots=True)
class _Levels:
    """The levels of weekdays, by one-way random effects; of one without nights, that of all.

    Attributes:
        logs: the level's logarithm, shape (7,).
        leverage: the variance of it that chance of nights makes, as a part of that of one night, shape (7,).
        known: whether there are nights of the weekday, shape (7,).
        variance: by how much weekdays differ.
        learned: how many numbers the weekdays were learned as, from 0 to 6.
    """

    logs: FloatArray
    leverage: FloatArray
    known: BoolArray
    variance: float
    learned: float

    @classmethod
    def of(cls, weekday: IntArray, logs: FloatArray) -> _Levels:
        nights, number = np.bincount(weekday, minlength=_WEEK), len(logs)
        known, groups, every = nights > 0, np.count_nonzero(nights), logs.mean()
        means = np.where(known, np.bincount(weekday, logs, _WEEK) / np.maximum(nights, 1), every)
        within = ((logs - means[weekday]) ** 2).sum() / (number - groups)
        between = (nights * (means - every) ** 2).sum() / max(groups - 1, 1)
        of_each = (number - (nights**2).sum() / number) / max(groups - 1, 1)
        variance = max(between - within, 0.0) / max(of_each, 1.0)
        # of the distance of a weekday's mean from that of all, the part that is not chance
        kept = np.where(known, variance / np.maximum(variance + within / np.maximum(nights, 1), _TINY), 0.0)
        leverage = 1 / number + kept * (1 / np.maximum(nights, 1) - 1 / number)
        learned = float(kept[known].mean()) * (groups - 1)
        return cls(every + kept * (means - every), leverage, known, variance, learned)


def _distance(rows: IntArray, usual: FloatArray) -> FloatArray:
    """How far numbers of rows lie from what is usual, as a part of it: the root of Poisson's deviance."""
    from scipy.special import xlogy

    deviance = 2 * (xlogy(rows, rows / usual) - rows + usual) / usual
    found: FloatArray = np.sign(rows - usual) * np.sqrt(np.maximum(deviance, 0.0))
    return found

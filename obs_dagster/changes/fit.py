"""Whether a suspected change explains what happened: the baseline, changed so, is the window, up to noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from obs_dagster.changes.spread import Spread, distance

CRITICAL = 1.63
"""Two samples of n and m rows of one distribution are further apart than this times √(1/n + 1/m) once in a
hundred times at most (Kolmogorov's limit; for counted values more rarely)."""

LEFT = 0.05
"""The part of the distance that may be left beside noise: days differ a little, whatever else happened."""

CLOSE = 0.75
"""The part of the noise that may be left where many a change fits by chance."""

TOLD = 2.5
"""A distance of fewer noises than this says too little for a cause to be told from another."""

_NEARLY = 0.03
"""If no more rows than this, or than noise, are left out, all are concerned."""

_FEWEST_SHARE = 0.02
"""Fewer rows than this explain no change of a distribution."""

_APART = 0.9
"""How far from the baseline a change must take values, so that those of a part of the rows can be told."""

_FEWEST_BINS = 8
"""Bins between the outer twentieths from which on they show a shape."""

_MOST = 0.75
"""Rows that must be in such bins; few may be in wide ones, far out."""

_FEWEST_ROWS = 50
"""Rows of the part that is concerned, to know its shape by."""

_ABOVE = 1e-8
"""Of a value: more than the image of one can be off."""

_PLACES = 101
"""Places at which the share of rows is fitted, for each side."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A change that explains what happened.

    Attributes:
        share: the share of rows that is concerned, 1 for all.
        left: the distance that is left, in shares of rows.
    """

    share: float
    left: float


def noise(rows: float, other_rows: float) -> float:
    """The distance that two samples of one distribution have once in a hundred times at most."""
    return CRITICAL * math.sqrt(1 / rows + 1 / other_rows)


def fit(
    before: Spread,
    after: Spread,
    changed: Spread,
    apart: float,
    *,
    parts: bool = True,
    close: bool = False,
    left: float = LEFT,
) -> Fit | None:
    """How well a change of the baseline explains the window; None if it does not.

    It does if what is left of the distance is no more than noise and a twentieth of what there was. Where
    only a part of the rows is concerned, that part must lie apart from the others, and have the right shape
    by itself too: otherwise any heavier tail would pass for a change of some rows.

    Args:
        before: the baseline.
        after: the window.
        changed: what the change makes of the baseline.
        apart: the certain distance of the two sides.
        parts: whether a part of the rows may be concerned.
        close: whether no more than `CLOSE` of the noise may be left.
        left: the part of the distance that may be left beside noise where all rows are concerned.
    """
    by_chance = noise(before.rows, after.rows)
    beside = (CLOSE if close else 1.0) * by_chance
    whole = distance(changed, after)
    share = _share(before, after, changed) if parts else 1.0
    if whole <= beside + left * apart and (
        share >= 1 - max(_NEARLY, by_chance / 2) or not resolved(after, changed)
    ):
        return Fit(1.0, whole)
    if not parts or share < _FEWEST_SHARE:
        return None
    found = distance(before.mixed(changed, share), after)
    return Fit(share, found) if found <= beside + LEFT * apart and _seen(before, after, changed) else None


def resolved(found: Spread, expected: Spread) -> bool:
    """Whether most rows are counted finely enough to have a shape, beside what is expected of them."""
    low, high = expected.quantiles((0.05, 0.95)).tolist()
    widths = found.high - found.low
    order = np.argsort(widths, kind="stable")
    most = int(np.searchsorted(np.cumsum(found.mass[order]), _MOST))
    return bool(widths[order[min(most, len(order) - 1)]] <= (high - low) / _FEWEST_BINS)


def _share(before: Spread, after: Spread, changed: Spread) -> float:
    """The share of rows that is concerned, by least squares over the distribution functions."""
    levels = np.linspace(0, 1, _PLACES)
    at = np.unique(np.concatenate([side.quantiles(levels) for side in (before, after, changed)]))
    # just above values that many rows have, where all of them are below on every side
    at += _ABOVE * np.abs(at)
    start = before.half_below(at)
    whole, seen = changed.half_below(at) - start, after.half_below(at) - start
    power = float(whole @ whole)
    return float(np.clip(whole @ seen / power, 0.0, 1.0)) if power > 0 else 0.0


def _seen(before: Spread, after: Spread, changed: Spread) -> bool:
    """Whether the rows beyond the baseline, where the change takes values, are as it makes them."""
    at = np.unique(np.concatenate([before.high, changed.high]))
    gaps = before.half_below(at) - changed.half_below(at)
    place = int(np.argmax(np.abs(gaps)))
    if abs(gaps[place]) < _APART:
        return False
    border = float(at[place])
    ends = (np.nextafter(border, math.inf), math.inf) if gaps[place] > 0 else (-math.inf, border)
    expected, found = changed.within(*ends), after.within(*ends)
    if expected is None or found is None or found.rows < _FEWEST_ROWS or not resolved(found, expected):
        return False
    return distance(expected, found) <= noise(expected.rows, found.rows) + LEFT

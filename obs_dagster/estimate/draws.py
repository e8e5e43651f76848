"""Draws of what labels may turn out to be, and how far a statistic of them reaches."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.intervals import TAILS, Z
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray

_NORMAL = 10.0
"""A variance from which on a binomial draw is a normal one, which takes a tenth of the time: the ends of a
sum of such draws differ by less than those of 200 draws are known to."""

_QUANTILES = np.array([TAILS[0], 0.5, TAILS[1]])


def binomials(rng: np.random.Generator, rows: FloatArray, chances: FloatArray) -> FloatArray:
    """How many of some rows happen to be, with these chances.

    Args:
        rng: draws them.
        rows: whole numbers, shape (m,), or (r, m) where they were drawn themselves.
        chances: shape (r, m).

    Returns:
        Shape (r, m); whole numbers where few are expected.
    """
    mean = rows * chances
    variance = mean * (1 - chances)
    many = variance.mean(axis=0) >= _NORMAL
    found = np.sqrt(variance)
    found *= rng.standard_normal(found.shape)
    found += mean
    np.clip(found, 0.0, rows, out=found)
    few = np.flatnonzero(~many & np.broadcast_to(rows > 0, mean.shape).any(axis=0))
    if len(few):
        found[:, few] = rng.binomial(rows[..., few].astype(np.int64), chances[:, few])
    return found


def poissons(rng: np.random.Generator, mean: FloatArray, draws: int) -> FloatArray:
    """How many rows happen to be where so many are expected.

    Args:
        rng: draws them.
        mean: shape (m,).
        draws: how many.

    Returns:
        Shape (draws, m); whole numbers where few are expected.
    """
    found = rng.standard_normal((draws, len(mean)))
    found *= np.sqrt(mean)
    found += mean
    np.maximum(found, 0.0, out=found)
    few = np.flatnonzero(mean < _NORMAL)
    if len(few):
        found[:, few] = rng.poisson(mean[few], size=(draws, len(few)))
    return found


def by_decision(rng: np.random.Generator, rows: FloatArray, chances: FloatArray) -> FloatArray:
    """The same of rows without and with a decision, shape (k, 2), of which most scores have one only.

    Returns:
        Shape (r, k, 2).
    """
    found = np.zeros((len(chances), *rows.shape))
    place, way = np.nonzero(rows)
    found[:, place, way] = binomials(rng, rows[place, way], chances[:, place])
    return found


def reach(draws: FloatArray, centre: float) -> tuple[float, float]:
    """How far draws lie below and above their median, with how far that is off the centre."""
    values = draws[np.isfinite(draws)]
    if not len(values):
        return 1.0, 1.0
    below, above = reaches(values[np.newaxis], np.array([centre]))
    return float(below[0]), float(above[0])


def reaches(draws: FloatArray, centre: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same of several statistics, whose draws are all finite.

    Args:
        draws: shape (s, r).
        centre: shape (s,).

    Returns:
        How far below and above, shape (s,) each.
    """
    values = np.sort(draws, axis=1)
    # as numpy.quantile has it, which takes longer than all the rest
    at = _QUANTILES * (values.shape[1] - 1)
    left = at.astype(np.int64)
    right = np.minimum(left + 1, values.shape[1] - 1)
    low, middle, high = (values[:, left] + (values[:, right] - values[:, left]) * (at - left)).T
    off = middle - centre
    # the ends of so few draws are known less well than how far all of them lie apart
    apart = values - values.mean(axis=1, keepdims=True)
    spread = Z * np.sqrt(np.einsum("sr,sr->s", apart, apart) / values.shape[1])
    return np.hypot(np.maximum(middle - low, spread), off), np.hypot(np.maximum(high - middle, spread), off)


def estimate_around(
    value: float, draws: FloatArray, centre: float, n: int, *, lowest: float = 0.0, highest: float = 1.0
) -> Estimate:
    """A statistic between `lowest` and `highest` with the interval of its draws laid around it."""
    return estimate_within(value, reach(draws, centre), n, lowest=lowest, highest=highest)


def unsharpened(value: float, draws: FloatArray, centre: float) -> float:
    """A statistic of scores less what its calibration is too sharp by.

    Isotonic fits follow the rows that they are fitted to, and so part classes better than these scores do.
    Fits of resampled rows do it once more: as far as the median of their draws is off the centre, that is off
    the truth (the bootstrap's estimate of bias; Efron and Tibshirani 1993, chapter 10).
    """
    values = draws[np.isfinite(draws)]
    return value - (float(np.median(values)) - centre) if len(values) else value


def estimate_within(
    value: float, reach: tuple[float, float], n: int, *, lowest: float = 0.0, highest: float = 1.0
) -> Estimate:
    """A statistic between `lowest` and `highest` whose interval reaches so far below and above it."""
    below, above = reach
    return Estimate(value, max(lowest, value - below), max(value, min(highest, value + above)), n)

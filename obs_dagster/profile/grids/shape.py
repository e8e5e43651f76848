"""The grid of a numeric column, from a sample of its baseline: no bin holds many of its values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.asinh_grid import AsinhGrid, Zone, bins_around

#: A value that so many of the rows have is counted by value.
_FREQUENT = 1 / 200
#: A bin that holds more of the rows than this is divided.
_DENSE = 1 / 100
#: Fewer rows say nothing about a density.
_FEWEST = 30
#: How often a zone is divided in its turn, and how many zones there are at most.
_DEPTH, _MOST_ZONES = 4, 32


def fit_shape(values: FloatArray) -> AsinhGrid:
    """The grid that resolves a column with these finite values, shape (n,)."""
    if not len(values):
        return AsinhGrid(centre=0.0, scale=1.0)
    distinct, counts = np.unique(values + 0.0, return_counts=True)
    frequent = counts >= max(_FREQUENT * len(values), _FEWEST)
    rest = np.repeat(distinct[~frequent], counts[~frequent])
    centre, scale = _middle(rest if len(rest) else distinct)
    grid = AsinhGrid(centre, scale or _spread(values), exact=tuple(distinct[frequent].tolist()))
    most = max(_DENSE * len(values), _FEWEST)
    zones = list(_zones(rest, Zone(-np.inf, np.inf, grid.centre, grid.scale), grid.step, most, _DEPTH))
    return AsinhGrid(grid.centre, grid.scale, exact=grid.exact, zones=tuple(zones[:_MOST_ZONES]))


def _middle(values: FloatArray) -> tuple[float, float]:
    """The median of ascending values, and half their interquartile range."""
    lower, centre, upper = np.quantile(values, (0.25, 0.5, 0.75))
    return float(centre), float(upper / 2 - lower / 2)


def _spread(values: FloatArray) -> float:
    """A scale for values half of which are one: their standard deviation, 1 where they are all the same."""
    largest = float(np.abs(values).max()) or 1.0
    return float((values / largest).std()) * largest or 1.0


def _zones(values: FloatArray, around: Zone, step: float, most: float, depth: int) -> Iterator[Zone]:
    """The zones within one, outer ones first: where bins have more than `most` of the ascending values."""
    if not depth or len(values) <= most:
        return
    bins = bins_around(values, around, step)
    found, starts, counts = np.unique(bins, return_index=True, return_counts=True)
    dense = np.flatnonzero(counts > most)
    for run in np.split(dense, np.flatnonzero(np.diff(found[dense]) > 1) + 1) if len(dense) else ():
        first, last = found[run[0]], found[run[-1]]
        within = values[starts[run[0]] : starts[run[-1]] + counts[run[-1]]]
        low, high = around.centre + around.scale * np.sinh(np.array([first, last + 1]) * step)
        centre, scale = _middle(within)
        zone = Zone(max(float(low), around.low), min(float(high), around.high), centre, scale)
        if 0 < zone.scale < zone.high - zone.low and zone.low <= within[0] and within[-1] < zone.high:
            yield zone
            yield from _zones(within, zone, step, most, depth - 1)

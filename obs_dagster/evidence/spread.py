"""How far days lie apart, and how likely another one is to lie further.

The distance of a day from the baseline is a sum of squares. Of a day that is like others they are around 0;
what is tolerated may put them √tolerance off it, in any direction. Then their sum is a *non-central* χ² (of d
degrees of freedom, in units of the noise of one), and the p-value is P(χ²_d(tolerance) ≥ distance), that
of the worst of all that is tolerated. The noise has two parts. What rows, and the baseline's shares, are
unsure of is there on every day; by what days differ, some differ much more than others. The latter is
multiplied by (b - 2) / χ²_b, which makes the tail of F with b degrees; p is a mean over such multiples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Scalar = float | FloatArray
"""A number; or one for each of several columns or nights that are measured at once."""

Number = TypeVar("Number", Scalar, Scalar | IntArray)

_SIDE = 0.1
_SHARED_ERROR = 4.0
"""The weight of the error of the baseline's shares, which all nights have: two standard errors, squared."""
_LEAST_SCALE = 0.25
"""Days that differ less than chance are taken to do so down to here: a quarter of its variance."""
_TAILS = (4.0, 8.0, 16.0, np.inf)
_MOST_ALIKE = 0.9
_LEAST_NOISE = 1e-3
"""Days are never taken to differ by less, as a part of the tolerance."""

_FURTHEST = 1e300
"""Beyond it nothing is, as beyond infinity."""

_EDGES = np.array([1, 0.7, 0.4, 0.2, 0.1, 0.03, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10, 1e-12])
_RARE = np.sqrt(_EDGES[1:] * _EDGES[:-1])
_PARTS = -np.diff(_EDGES)
"""Multiples of the noise: of days that are so rare, each for a part of all; those beyond the last are any."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How far days lie apart; of several columns or nights at once with an axis of theirs each.

    Attributes:
        correlation: r, of rows within a day: how alike they are.
        dimensions: in how many directions independent rows would differ.
        freedom: d, the directions in which days differ.
        likeness: φ, of a day and the one before it.
        tails: weights of the tails, shape (4,).
        days: how many days it is known from; 0 if it is assumed.
        unsure: the variance of the baseline's shares as estimates, in units of p (1 - p).
        scale: below 1 where days differ less than independent rows would, as those of a timetable do.
    """

    correlation: Scalar
    dimensions: Scalar | IntArray
    freedom: Scalar
    likeness: Scalar
    tails: FloatArray
    days: int
    unsure: Scalar
    scale: Scalar = 1.0

    def design_effect(self, rows: Scalar) -> FloatArray:
        """How many times as far a day's shares vary as those of so many independent rows."""
        found: FloatArray = self.scale + np.maximum(np.asarray(rows) - 1, 0) * self.correlation
        return found

    def around(self, unsure: Scalar) -> Spread:
        """The same days around shares that are so unsure."""
        return replace(self, unsure=unsure)

    def at(self, place: int) -> Spread:
        """That of one of several columns."""
        return Spread(
            correlation=one_of(self.correlation, place),
            dimensions=one_of(self.dimensions, place),
            freedom=one_of(self.freedom, place),
            likeness=one_of(self.likeness, place),
            tails=self.tails[place],
            days=self.days,
            unsure=one_of(self.unsure, place),
            scale=one_of(self.scale, place),
        )

    def p_values(
        self,
        distance: FloatArray,
        rows: FloatArray,
        days: int,
        tolerance: float,
        further: Scalar | None = None,
    ) -> FloatArray:
        """How likely so many days are to lie so far off, if what they are off by is no more than tolerated.

        Args:
            distance: Σ (q - p)² / p.
            rows: of these days, at least 1.
            days: how many.
            tolerance: the distance that is no news.
            further: how many times as far days like this one differ; None if they do not differ more.
        """
        alike = (1 + np.asarray(self.likeness)) / (1 - np.asarray(self.likeness))
        effect, upper = self.design_effect(rows / days), self._upper()
        if further is None:
            sampled, of_days = self.scale * upper, (effect - self.scale) * upper
        else:
            # by how much days differ at most, for it is multiplied
            sampled, of_days = self.scale, (effect * upper - self.scale) * further
        own = alike / rows * self.dimensions
        steady = own * sampled + _SHARED_ERROR * self.unsure * alike * self.dimensions
        varying = own * of_days
        steady, varying, distance = np.broadcast_arrays(steady, varying, distance)
        # on the near side there is nothing to tell apart
        far = distance > steady + varying + tolerance
        found: FloatArray = np.ones(distance.shape)
        if far.any():
            tails = np.broadcast_to(self.tails, (*distance.shape, len(_TAILS)))[far]
            freedom = np.broadcast_to(self.freedom, distance.shape)[far]
            times = multiples(freedom, self.days)
            noise = steady[far][:, None, None] + varying[far][:, None, None] * times
            found[far] = _beyond(distance[far], noise, freedom, tails, tolerance)
        return found

    def _upper(self) -> Scalar:
        """The upper end of the design effect's interval, as a multiple."""
        if not self.days:
            return 1.0
        from scipy.special import chdtri

        freedom = np.asarray(self.freedom) * max(self.days - 1, 1)
        found: FloatArray = freedom / chdtri(freedom, 1 - _SIDE)
        return found


def spread_of(
    residuals: FloatArray, rows: FloatArray, dimensions: Scalar | IntArray, *, apart: int = 0
) -> Spread:
    """How far days lie apart, by their residuals in standard errors of independent rows, (days, k).

    Args:
        residuals: in the order of time.
        rows: of each day, shape (days,).
        dimensions: in how many directions independent rows would differ.
        apart: directions that were taken out of them.
    """
    number, total = residuals.shape[-2], rows.sum(axis=-1)
    of_day = np.asarray(dimensions)[..., None]
    squares = ((residuals**2).sum(axis=-1) / of_day).sum(axis=-1)
    beyond, scale = np.maximum(squares - number, 0.0), np.clip(squares / number, _LEAST_SCALE, 1.0)
    more = (rows - 1).sum(axis=-1)
    correlation = np.where(more > 0, np.minimum(beyond / np.maximum(more, 1), 1.0), 0.0)
    effect = scale[..., None] + (rows - 1) * correlation[..., None]
    scaled = residuals / np.sqrt(effect)[..., None]
    freedom = _freedom(scaled, max(residuals.shape[-1] - 1 - apart, 1))
    return Spread(
        correlation=correlation,
        dimensions=dimensions,
        freedom=freedom,
        likeness=_likeness(scaled),
        tails=_weights((scaled**2).sum(axis=-1) / of_day, freedom),
        days=number,
        unsure=(rows * effect).sum(axis=-1) / total**2,
        scale=scale,
    )


def one_of(number: Number, place: int) -> Number:
    """The number of one of several columns; what all have in common is that of each."""
    found: Number = np.asarray(number)[place] if np.ndim(number) else number
    return found


def multiples(freedom: FloatArray, days: int) -> FloatArray:
    """By how many times days differ that are as rare as `_RARE`, by tail, shape (..., 4, rare)."""
    from scipy.special import chdtri

    tails = _finite(freedom, days)[..., None]
    found: FloatArray = (tails - 2) / chdtri(tails, 1 - _RARE)
    return found


def _beyond(
    distance: FloatArray, noise: FloatArray, freedom: FloatArray, tails: FloatArray, tolerance: float
) -> FloatArray:
    """The mean over tails and multiples, (n,) of (n, 4, rare)."""
    degrees = freedom[:, None, None]
    unit = np.maximum(noise, tolerance * _LEAST_NOISE) / degrees
    # the distribution is not known where it is central
    beyond = noncentral_sf(distance[:, None, None] / unit, degrees, np.maximum(tolerance / unit, 1e-9))
    found: FloatArray = (tails * (beyond @ _PARTS)).sum(axis=-1) + _EDGES[-1]
    return found


def noncentral_sf(x: FloatArray, degrees: FloatArray, noncentrality: FloatArray) -> FloatArray:
    """P(χ²_d(δ) > x): `scipy.stats.ncx2.sf` without a second for all distributions that it comes with.

    Args:
        x: positive.
        degrees: d, positive.
        noncentrality: δ, positive.
    """
    # SciPy has the function, and of its public names only those of `scipy.stats` lead there
    from scipy.special import _ufuncs

    with np.errstate(over="ignore"):
        found: FloatArray = _ufuncs._ncx2_sf(np.minimum(x, _FURTHEST), degrees, noncentrality)  # noqa: SLF001
    return found


def _freedom(residuals: FloatArray, most: int) -> FloatArray:
    """Satterthwaite's degrees of freedom of a sum of squares, of few days too.

    tr² / tr(S²) of the days' own covariances S is too small by 1/days, in its inverse.
    """
    together = np.swapaxes(residuals, -1, -2) @ residuals
    squares = (together**2).sum(axis=(-1, -2))
    trace = np.trace(together, axis1=-2, axis2=-1)
    none = squares == 0
    share = np.where(none, 1.0, squares) / np.where(none, 1.0, trace) ** 2 - 1 / residuals.shape[-2]
    found: FloatArray = np.where(none, float(most), np.clip(1 / np.maximum(share, 1e-9), 1.0, most))
    return found


def _likeness(residuals: FloatArray) -> FloatArray:
    """The correlation of days with the ones before; without the bias of a mean over the same days."""
    squares = (residuals**2).sum(axis=(-1, -2))
    none = squares == 0
    product = (residuals[..., 1:, :] * residuals[..., :-1, :]).sum(axis=(-1, -2))
    found = product / np.where(none, 1.0, squares) + 1 / residuals.shape[-2]
    return np.where(none, 0.0, np.clip(found, 0.0, _MOST_ALIKE))


def _weights(statistics: FloatArray, freedom: FloatArray) -> FloatArray:
    """How likely each tail makes the left-out days' statistics, shape (4,)."""
    from scipy.special import betaln

    tails = _finite(freedom, statistics.shape[-1])[..., None]
    mean = statistics.mean(axis=-1)[..., None, None]
    none = mean == 0
    scale, free = tails / (tails - 2), freedom[..., None, None]
    x = np.maximum(statistics[..., None, :] / np.where(none, 1.0, mean), 1e-9) * scale
    log_density = (
        np.log(scale)
        + free / 2 * np.log(free / tails)
        + (free / 2 - 1) * np.log(x)
        - (free + tails) / 2 * np.log1p(free * x / tails)
        - betaln(free / 2, tails / 2)
    ).sum(axis=-1)
    weights = np.exp(log_density - log_density.max(axis=-1, keepdims=True))
    weights = np.where(none[..., 0], 1.0, weights)
    found: FloatArray = weights / weights.sum(axis=-1, keepdims=True)
    return found


def _finite(freedom: Scalar, days: int) -> FloatArray:
    """The tails' own degrees of freedom, shape (4,): no more than the design effect has."""
    most = np.asarray(freedom) * max(days - 1, 1) + 2
    found: FloatArray = np.minimum(_TAILS, most[..., None])
    return found

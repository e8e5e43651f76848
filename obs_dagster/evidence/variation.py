"""How much the days of a baseline differ anyway, and how surprising another day is beside them.

A chi-square test takes rows for independent draws. Those of one day are alike, so each quiet day is another
population, and with enough rows every one is "significant". Days of a baseline tell by how much: the
variance of a day's shares is 1 + (n - 1) r times that of n independent rows, its *design effect* (Rao and
Scott, Annals of Statistics 12, 1984), with r the correlation of rows of one day. A day's statistic is

    T = Σ (q - p)² / p  /  ((k - 1) v + tolerance)

with p the baseline's shares in k bins, q the day's, and v the variance that is expected per bin: that of a
day with its design effect, and how unsure p is. T is 1 on average where nothing has moved. Five things keep
its p-value honest:

- d, the degrees of freedom that days really differ in (Satterthwaite's, of Rao and Scott's second order):
  where all days move in one direction it is 1, however many bins there are.
- the left-out days: each day's T beside the others says how heavy its tail is. It is a mean of F(d, b) for
  several b, weighted by how likely they make these.
- days that follow each other are alike: v grows by (1 + φ) / (1 - φ) with the correlation φ of a day with the
  one before, so that a warm week is no news where weeks are warm or cold.
- a design effect of few days is itself unsure. All nights are held against one estimate, so its error does
  not cancel: the upper end of its 80 % interval counts, and two standard errors of p.
- the tolerance: what no one would act on, with however many rows, is no news.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Scalar = float | FloatArray
"""A number; or one for each of several columns or nights that are measured at once."""

LEAST_DAYS = 20
"""Fewer days don't tell how days differ."""

TOLERANCE = 0.02
"""A distance Σ (q - p)² / p that is no news; that of a PSI of 0.02, where 0.1 counts as a shift."""

ASSUMED_DISTANCE = 0.1
"""By how much days are taken to differ where that is not known: as far as a PSI of 0.1."""

_SIDE = 0.1
_SHARED_ERROR = 4.0
"""The weight of the error of the baseline's shares, which all nights have: two standard errors, squared."""
_TAILS = (4.0, 8.0, 16.0, np.inf)
_MOST_ALIKE = 0.9


@dataclass(frozen=True, slots=True)
class Variation:
    """How a column's days differ; or those of several at once, with axes of theirs before all others.

    Attributes:
        shares: the baseline's share of each bin, shape (k,).
        correlation: r, of rows within a day: how alike they are.
        freedom: d, the directions in which days differ.
        likeness: φ, of a day and the one before it.
        tails: weights of the tails, shape (4,).
        days: how many days it is known from; 0 if it is assumed.
        unsure: the variance of the shares as estimates, in units of p (1 - p).
        rows: rows of an average day.
    """

    shares: FloatArray
    correlation: Scalar
    freedom: Scalar
    likeness: Scalar
    tails: FloatArray
    days: int
    unsure: Scalar
    rows: Scalar = 1.0

    @property
    def calibrated(self) -> bool:
        """Whether enough days are known."""
        return self.days >= LEAST_DAYS

    def design_effect(self, rows: Scalar) -> Scalar:
        """How many times as far a day's shares vary as those of so many independent rows."""
        found: FloatArray = 1 + np.maximum(np.asarray(rows) - 1, 0) * self.correlation
        return found

    def around(self, counts: IntArray) -> Variation:
        """The same days around other shares, which are as unsure as if those were of such days.

        Args:
            counts: rows per bin of what days are held against, shape (k,).
        """
        rows = np.maximum(counts.sum(axis=-1), 1)
        unsure = self.design_effect(np.minimum(self.rows, rows)) / rows
        return replace(self, shares=counts / rows[..., None], unsure=unsure)

    def p_value(self, counts: IntArray, days: int = 1, tolerance: float = TOLERANCE) -> float:
        """How likely a window is to lie so far from the baseline if days differ as they did, from 0 to 1.

        Args:
            counts: rows per bin, shape (k,).
            days: how many days they are of.
            tolerance: the distance that is no news.
        """
        return float(self.p_values(counts, days, tolerance))

    def p_values(self, counts: IntArray, days: int = 1, tolerance: float = TOLERANCE) -> FloatArray:
        """The same of several columns or nights at once, with axes of theirs before the bins."""
        rows = counts.sum(axis=-1).astype(np.float64)
        known = np.maximum(rows, 1)
        alike = (1 + np.asarray(self.likeness)) / (1 - np.asarray(self.likeness))
        own = self.design_effect(known / days) / known * self._upper() * alike
        expected = own + _SHARED_ERROR * self.unsure * alike
        residuals = _residuals(counts[..., None, :], self.shares[..., None, :])
        distance = (residuals**2).sum(axis=(-1, -2)) / known
        statistic = distance / (expected * (_bins_used(self.shares) - 1) + tolerance)
        found: FloatArray = np.where(rows > 0, self._beyond(statistic), 1.0)
        return found

    def _upper(self) -> Scalar:
        """The upper end of the design effect's interval, as a multiple."""
        if not self.days:
            return 1.0
        from scipy.special import chdtri

        freedom = np.asarray(self.freedom) * max(self.days - 1, 1)
        found: FloatArray = freedom / chdtri(freedom, 1 - _SIDE)
        return found

    def _beyond(self, statistic: FloatArray) -> FloatArray:
        from scipy.special import fdtrc

        tails = _finite(self.freedom, self.days)
        scaled = statistic[..., None] * tails / (tails - 2)
        found: FloatArray = (self.tails * fdtrc(np.asarray(self.freedom)[..., None], tails, scaled)).sum(
            axis=-1
        )
        return found


def variation_of(days: IntArray) -> Variation:
    """How days differ, from their rows per bin, shape (days, k), in the order of time.

    Days without rows are left out. Of several columns or nights at once there are axes before these two, and
    no day without rows.
    """
    if days.ndim == 2:  # noqa: PLR2004 - days and bins
        days = days[days.sum(axis=1) > 0]
    number = days.shape[-2]
    if number < 2:  # noqa: PLR2004 - one day differs from nothing
        return assumed(days.sum(axis=0) if number else np.ones(days.shape[-1], dtype=np.int64))
    rows = days.sum(axis=-1).astype(np.float64)
    total = rows.sum(axis=-1)
    shares = days.sum(axis=-2) / total[..., None]
    bins = _bins_used(shares)
    # a day is a part of what it is held against
    own = np.maximum(1 - rows / total[..., None], 1e-9)
    residuals = _residuals(days, shares[..., None, :]) / np.sqrt(own)[..., None]
    distances = (residuals**2).sum(axis=-1) / (bins - 1)[..., None]
    beyond, more = np.maximum(distances.sum(axis=-1) - number, 0.0), (rows - 1).sum(axis=-1)
    correlation = np.where(more > 0, np.minimum(beyond / np.maximum(more, 1), 1.0), 0.0)
    effect = 1 + (rows - 1) * correlation[..., None]
    residuals /= np.sqrt(effect)[..., None]
    freedom = _freedom(residuals)
    statistics = (residuals**2).sum(axis=-1) / (bins - 1)[..., None]
    return Variation(
        shares=shares,
        correlation=correlation,
        freedom=freedom,
        likeness=_likeness(residuals),
        tails=_weights(statistics, freedom),
        days=number,
        unsure=(rows * effect).sum(axis=-1) / total**2,
        rows=rows.mean(axis=-1),
    )


def assumed(baseline: IntArray) -> Variation:
    """How days are taken to differ of which too few are known: by `ASSUMED_DISTANCE`, in one direction.

    Args:
        baseline: rows per bin, shape (k,).
    """
    rows = max(int(baseline.sum()), 1)
    shares = baseline / rows
    correlation = ASSUMED_DISTANCE / (_bins_used(shares) - 1)
    return Variation(shares, correlation, 1.0, 0.0, np.array([0.0, 1.0, 0.0, 0.0]), 0, 1 / rows)


def _bins_used(shares: FloatArray) -> IntArray:
    used: IntArray = np.maximum((shares > 0).sum(axis=-1), 2)
    return used


def _residuals(days: IntArray, shares: FloatArray) -> FloatArray:
    """How far each day's shares lie from the baseline's, in standard errors of independent rows, (days, k).

    Of a bin in which less than a row a day is expected, one row is taken to be: so one row in it is no news.
    """
    rows = np.maximum(days.sum(axis=-1, keepdims=True), 1).astype(np.float64)
    residuals: FloatArray = (days / rows - shares) * np.sqrt(rows / np.maximum(shares, 1 / rows))
    return residuals


def _freedom(residuals: FloatArray) -> FloatArray:
    """Satterthwaite's degrees of freedom of a sum of squares."""
    together = np.swapaxes(residuals, -1, -2) @ residuals
    squares = (together**2).sum(axis=(-1, -2))
    trace = np.trace(together, axis1=-2, axis2=-1)
    none = squares == 0
    found = np.maximum(trace**2 / np.where(none, 1.0, squares), 1.0)
    return np.where(none, float(max(residuals.shape[-1] - 1, 1)), found)


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

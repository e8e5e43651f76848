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
    """How a column's days differ.

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
    correlation: float
    freedom: float
    likeness: float
    tails: FloatArray
    days: int
    unsure: float
    rows: float = 1.0

    @property
    def calibrated(self) -> bool:
        """Whether enough days are known."""
        return self.days >= LEAST_DAYS

    def design_effect(self, rows: float) -> float:
        """How many times as far a day's shares vary as those of so many independent rows."""
        return 1 + max(rows - 1, 0) * self.correlation

    def around(self, counts: IntArray) -> Variation:
        """The same days around other shares, which are as unsure as if those were of such days.

        Args:
            counts: rows per bin of what days are held against, shape (k,).
        """
        rows = max(int(counts.sum()), 1)
        return replace(self, shares=counts / rows, unsure=self.design_effect(min(self.rows, rows)) / rows)

    def p_value(self, counts: IntArray, days: int = 1, tolerance: float = TOLERANCE) -> float:
        """How likely a window is to lie so far from the baseline if days differ as they did, from 0 to 1.

        Args:
            counts: rows per bin, shape (k,).
            days: how many days they are of.
            tolerance: the distance that is no news.
        """
        rows = int(counts.sum())
        if rows == 0:
            return 1.0
        alike = (1 + self.likeness) / (1 - self.likeness)
        own = self.design_effect(rows / days) / rows * self._upper() * alike
        expected = own + _SHARED_ERROR * self.unsure * alike
        bins = _bins_used(self.shares)
        distance = float((_residuals(counts[None], self.shares) ** 2).sum()) / rows
        statistic = distance / (expected * (bins - 1) + tolerance)
        return self._beyond(statistic)

    def _upper(self) -> float:
        """The upper end of the design effect's interval, as a multiple."""
        if not self.days:
            return 1.0
        from scipy.special import chdtri

        freedom = self.freedom * max(self.days - 1, 1)
        return freedom / float(chdtri(freedom, 1 - _SIDE))

    def _beyond(self, statistic: float) -> float:
        from scipy.special import fdtrc

        tails = _finite(self.freedom, self.days)
        return float(self.tails @ fdtrc(self.freedom, tails, statistic * tails / (tails - 2)))


def variation_of(days: IntArray) -> Variation:
    """How days differ, from their rows per bin, shape (days, k), in the order of time.

    Days without rows are left out.
    """
    days = days[days.sum(axis=1) > 0]
    if len(days) < 2:  # noqa: PLR2004 - one day differs from nothing
        return assumed(days.sum(axis=0) if len(days) else np.ones(days.shape[1], dtype=np.int64))
    rows = days.sum(axis=1).astype(np.float64)
    shares = days.sum(axis=0) / rows.sum()
    bins = _bins_used(shares)
    # a day is a part of what it is held against
    own = np.maximum(1 - rows / rows.sum(), 1e-9)
    residuals = _residuals(days, shares) / np.sqrt(own)[:, None]
    distances = (residuals**2).sum(axis=1) / (bins - 1)
    more = float((rows - 1).sum())
    correlation = min(max(0.0, float(distances.sum()) - len(days)) / more, 1.0) if more else 0.0
    residuals /= np.sqrt(1 + (rows - 1) * correlation)[:, None]
    freedom = _freedom(residuals)
    statistics = (residuals**2).sum(axis=1) / (bins - 1)
    return Variation(
        shares=shares,
        correlation=correlation,
        freedom=freedom,
        likeness=_likeness(residuals),
        tails=_weights(statistics, freedom),
        days=len(days),
        unsure=float((rows * (1 + (rows - 1) * correlation)).sum() / rows.sum() ** 2),
        rows=float(rows.mean()),
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


def _bins_used(shares: FloatArray) -> int:
    return max(int((shares > 0).sum()), 2)


def _residuals(days: IntArray, shares: FloatArray) -> FloatArray:
    """How far each day's shares lie from the baseline's, in standard errors of independent rows, (days, k).

    Of a bin in which less than a row a day is expected, one row is taken to be: so one row in it is no news.
    """
    rows = days.sum(axis=1, keepdims=True).astype(np.float64)
    residuals: FloatArray = (days / rows - shares) * np.sqrt(rows / np.maximum(shares, 1 / rows))
    return residuals


def _freedom(residuals: FloatArray) -> float:
    """Satterthwaite's degrees of freedom of a sum of squares."""
    together = residuals.T @ residuals
    squares = float((together**2).sum())
    if squares == 0:
        return float(max(residuals.shape[1] - 1, 1))
    return max(float(np.trace(together)) ** 2 / squares, 1.0)


def _likeness(residuals: FloatArray) -> float:
    """The correlation of days with the ones before; without the bias of a mean over the same days."""
    squares = float((residuals**2).sum())
    if squares == 0:
        return 0.0
    found = float((residuals[1:] * residuals[:-1]).sum()) / squares + 1 / len(residuals)
    return min(max(found, 0.0), _MOST_ALIKE)


def _weights(statistics: FloatArray, freedom: float) -> FloatArray:
    """How likely each tail makes the left-out days' statistics, shape (4,)."""
    from scipy.special import betaln

    tails = _finite(freedom, len(statistics))[:, None]
    mean = float(statistics.mean())
    if mean == 0:
        return np.full(len(tails), 1 / len(tails))
    scale = tails / (tails - 2)
    x = np.maximum(statistics / mean, 1e-9) * scale
    log_density = (
        np.log(scale)
        + freedom / 2 * np.log(freedom / tails)
        + (freedom / 2 - 1) * np.log(x)
        - (freedom + tails) / 2 * np.log1p(freedom * x / tails)
        - betaln(freedom / 2, tails / 2)
    ).sum(axis=1)
    weights = np.exp(log_density - log_density.max())
    found: FloatArray = weights / weights.sum()
    return found


def _finite(freedom: float, days: int) -> FloatArray:
    """The tails' own degrees of freedom: no more than the design effect has."""
    return np.minimum(_TAILS, freedom * max(days - 1, 1) + 2)

"""How far apart two samples are as wholes: the maximum mean discrepancy by random Fourier features."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from obs_dagster.evidence.detector import e_value
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.multivariate.ordinary import p_value
from obs_dagster.metrics.multivariate.samples import Samples
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray

FEATURES = 256
"""Frequencies, each with a cosine and a sine: the kernel is off by a twentieth or so."""

_PAIRS = 500
_Z = 1.959964
_TWO = 2


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """The squared discrepancy of two samples.

    Attributes:
        squared: the unbiased estimate, which is below 0 in half of all cases where there is none.
        deviation: its standard deviation.
        noise: what it varies by where there is none.
    """

    squared: float
    deviation: float
    noise: float

    @classmethod
    def of(cls, baseline: FloatArray, current: FloatArray) -> Discrepancy:
        """Of rows, shapes (n, k) and (m, k), that a kernel takes as they are.

        The kernel is Gaussian; its bandwidth is the median distance of 500 pairs of the baseline's rows.
        """
        before, now = _standing(baseline), _standing(current)
        frequencies = _frequencies(baseline.shape[1]) / _bandwidth(before)
        one, other = _features(before, frequencies), _features(now, frequencies)
        apart = one.mean(axis=0) - other.mean(axis=0)
        sides = [(side, len(side)) for side in (one, other)]
        spread = [float(side.var(axis=0, ddof=1).sum()) / n for side, n in sides]
        along = [float((side @ apart).var(ddof=1)) / n for side, n in sides]
        # under no difference the variance of ‖d‖² is twice that of the squared norm of the mean's covariance
        covariance = np.sum([np.cov(side, rowvar=False) / n for side, n in sides], axis=0)
        noise = math.sqrt(2 * float((covariance**2).sum()))
        squared = float(apart @ apart) - sum(spread)
        return cls(squared, math.sqrt(4 * sum(along) + noise**2), noise)


def _standing(rows: FloatArray) -> FloatArray:
    return np.nan_to_num(rows, nan=0.0)


def _bandwidth(rows: FloatArray) -> float:
    """The median distance of some pairs of rows; 1 where most are the same."""
    pairs = np.random.RandomState(0).randint(len(rows), size=(2, _PAIRS))
    return float(np.median(np.linalg.norm(rows[pairs[0]] - rows[pairs[1]], axis=1))) or 1.0


def _frequencies(columns: int) -> FloatArray:
    """Standard normal frequencies, shape (columns, `FEATURES`), the same on every day."""
    drawn: FloatArray = np.random.RandomState(columns).standard_normal((columns, FEATURES))
    return drawn


def _features(rows: FloatArray, frequencies: FloatArray) -> FloatArray:
    angles = rows @ frequencies
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1) / math.sqrt(FEATURES)


def standardised(samples: Samples) -> tuple[FloatArray, FloatArray]:
    """The numbers of both sides in standard deviations of the baseline, names as shares of its rows."""
    before, now = samples.shares
    with np.errstate(invalid="ignore"):
        counted = np.maximum((~np.isnan(before)).sum(axis=0), 1)
        mean = np.nansum(before, axis=0) / counted
        scale = np.sqrt(np.nansum((before - mean) ** 2, axis=0) / counted)
    scale[scale == 0] = 1.0
    # one outlier is as far as a row can be, and no further
    return np.clip((before - mean) / scale, -10, 10), np.clip((now - mean) / scale, -10, 10)


def _found(samples: Samples) -> Discrepancy | Estimate:
    if samples.obstacle:
        return Estimate.missing(samples.obstacle, samples.n)
    before, now = standardised(samples)
    if before.shape[1] < _TWO:
        return Estimate.missing("fewer than two features", samples.n)
    return Discrepancy.of(before, now)


def _mmd(samples: Samples) -> Estimate:
    found = _found(samples)
    if isinstance(found, Estimate):
        return found
    low, high = (max(0.0, found.squared + side * _Z * found.deviation) for side in (-1, 1))
    return Estimate(math.sqrt(max(0.0, found.squared)), math.sqrt(low), math.sqrt(high), samples.n)


def _beyond(samples: Samples) -> Estimate:
    found = _found(samples)
    if isinstance(found, Estimate):
        return found
    if unknown := samples.not_calibrated("mmd"):
        return Estimate.missing(unknown, samples.n)
    # no day is nearer than the noise of so many rows
    noise = math.sqrt(found.noise)
    ordinary = [math.hypot(each, noise) for each in samples.ordinary["mmd"]]
    value = math.hypot(math.sqrt(max(0.0, found.squared)), noise)
    return Estimate(p_value(value, ordinary), None, None, samples.n)


def _evidence(samples: Samples) -> Estimate:
    found = _beyond(samples)
    return found if found.value is None else Estimate(math.log10(e_value(found.value)), None, None, samples.n)


def _of_all(given: object) -> bool:
    return isinstance(given, Samples)


METRICS = (
    Metric(
        Definition(
            name="mmd",
            id="mmd/rff-256/1",
            family="multivariate",
            title="Maximum mean discrepancy",
            meaning="How far the day's rows are from the baseline's as a whole, of all features together, "
            "projections of embeddings among them: 0 where they are alike, at most √2.",
            formula="√max(0, ‖d‖² - tr(C_b) / n_b - tr(C) / n); d: the difference of the means of 256 random "
            "Fourier features (cosine and sine) of a Gaussian kernel, C: their covariances. At most 2,000 "
            "rows of each side, features standardised by the baseline and cut at 10, missing ones 0, names "
            "as their share of the baseline's rows; bandwidth: the median distance of the baseline's rows.",
            reference="Gretton et al., JMLR 13 (2012), MMD²_u, with the features of Rahimi and Recht (2007), "
            "`sklearn.kernel_approximation.RBFSampler`.",
            interval="normal, of the square: that of a sum of means, and the noise under no difference",
            better="lower",
            cells="none",
            daily=True,
            asked_with="discrepancy",
            noun="mean discrepancy",
            shown=frozenset({"trend"}),
            rank=203,
        ),
        _mmd,
        _of_all,
    ),
    Metric(
        Definition(
            name="mmd_p_value",
            id="mmd_p_value/days/1",
            family="multivariate",
            title="p-value of the mean discrepancy against days that differ anyway",
            meaning="The chance that an ordinary day is as far from the baseline as this one.",
            formula="as `domain_auc_p_value`, of ln √(mmd² + noise); noise: the standard deviation of mmd² "
            "where nothing differs.",
            reference="[multivariate.md](multivariate.md).",
            interval="none: a p-value already speaks of the noise",
            better="higher",
            cells="none",
            daily=True,
            asked_with="discrepancy",
            noun="p-value of the mean discrepancy",
        ),
        _beyond,
        _of_all,
    ),
    Metric(
        Definition(
            name="mmd_evidence",
            id="mmd_evidence/e-value/1",
            family="multivariate",
            title="Evidence of the day that its rows are elsewhere",
            meaning='How strongly the day speaks against "no more than days differ anyway", of all features '
            "together: 2 is a hundred to one. Days add up. A rule `above: budget` adds them.",
            formula="log10 e, e the mean of κ p^(κ - 1) over κ = 1/4, 1/2, 3/4; p: `mmd_p_value`.",
            reference="as `drift_evidence`.",
            interval="none",
            better="lower",
            cells="none",
            daily=True,
            asked_with="discrepancy",
            noun="evidence of rows elsewhere",
            from_zero=False,
            adds_up=True,
        ),
        _evidence,
        _of_all,
    ),
)

"""Whether rows still lie where the baseline's do: the error of rebuilding them from few directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import normal_mean
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.multivariate.ordinary import p_value
from obs_dagster.metrics.multivariate.samples import Samples
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray

EXPLAINED = 0.65
"""The share of the baseline's variance that the directions have; NannyML's own."""

_LEAST = 1e-9
_TWO = 2


@dataclass(frozen=True, slots=True)
class Directions:
    """The principal directions of some rows.

    Attributes:
        mean, scale: of each column, shape (k,).
        directions: orthonormal, shape (d, k).
    """

    mean: FloatArray
    scale: FloatArray
    directions: FloatArray

    @classmethod
    def of(cls, rows: FloatArray) -> Directions:
        """Those of rows, shape (n, k); what is missing counts as the mean."""
        with np.errstate(invalid="ignore"):
            counted = np.maximum((~np.isnan(rows)).sum(axis=0), 1)
            mean = np.nansum(rows, axis=0) / counted
            scale = np.sqrt(np.nansum((rows - mean) ** 2, axis=0) / len(rows))
        scale[scale == 0] = 1.0
        scaled = np.nan_to_num((rows - mean) / scale, nan=0.0)
        variances, directions = np.linalg.eigh(scaled.T @ scaled / len(rows))
        variances, directions = np.maximum(variances[::-1], 0), directions[:, ::-1]
        shares = np.cumsum(variances) / max(float(variances.sum()), _LEAST)
        many = int(np.searchsorted(shares, EXPLAINED, side="right")) + 1
        return cls(mean, scale, directions[:, :many].T)

    def errors(self, rows: FloatArray) -> FloatArray:
        """How far each row is from what the directions have of it, in standard deviations, shape (n,)."""
        scaled = np.nan_to_num((rows - self.mean) / self.scale, nan=0.0)
        rebuilt = scaled @ self.directions.T @ self.directions
        found: FloatArray = np.linalg.norm(scaled - rebuilt, axis=1)
        return found


def _error(samples: Samples) -> Estimate:
    if samples.obstacle:
        return Estimate.missing(samples.obstacle, samples.n)
    baseline, current = samples.shares
    if baseline.shape[1] < _TWO:
        return Estimate.missing("fewer than two features", samples.n)
    errors = Directions.of(baseline).errors(current)
    interval = normal_mean(float(errors.sum()), float((errors**2).sum()), len(errors), lowest=0.0)
    value = float(errors.mean())
    low, high = interval or (None, None)
    return Estimate(value, low, high, samples.n)


def _beyond(samples: Samples) -> Estimate:
    found = _error(samples)
    if found.value is None:
        return found
    if unknown := samples.not_calibrated("reconstruction_error"):
        return Estimate.missing(unknown, samples.n)
    ordinary = [max(each, _LEAST) for each in samples.ordinary["reconstruction_error"]]
    return Estimate(p_value(max(found.value, _LEAST), ordinary, both=True), None, None, samples.n)


METRICS = (
    Metric(
        Definition(
            name="reconstruction_error",
            id="reconstruction_error/pca-65/1",
            family="multivariate",
            title="Reconstruction error",
            meaning="How far rows are on average from what the main directions of the baseline's rows have "
            "of them. It moves when features no longer go together as they did, up or down.",
            formula="Mean over at most 2,000 rows of ‖z - PPᵀz‖; z: features standardised by the baseline, "
            "missing ones 0, names as their share of the baseline's rows; P: principal components of the "
            "baseline with more than 65 % of the variance.",
            reference="NannyML's `DataReconstructionDriftCalculator`, of numbers; "
            "`sklearn.decomposition.PCA(0.65)`.",
            interval="normal, of the mean over rows",
            cells="none",
            daily=True,
            asked_with="reconstruction",
            noun="reconstruction error",
            shown=frozenset({"trend"}),
            rank=202,
            from_zero=False,
        ),
        _error,
        lambda given: isinstance(given, Samples),
    ),
    Metric(
        Definition(
            name="reconstruction_error_p_value",
            id="reconstruction_error_p_value/days/1",
            family="multivariate",
            title="p-value of the reconstruction error against days that differ anyway",
            meaning="The chance that an ordinary day's reconstruction error is so far from the usual one, up "
            "or down.",
            formula="as `domain_auc_p_value`, of ln `reconstruction_error`, on both sides.",
            reference="[multivariate.md](multivariate.md).",
            interval="none: a p-value already speaks of the noise",
            better="higher",
            cells="none",
            daily=True,
            asked_with="reconstruction",
            noun="p-value of the reconstruction error",
        ),
        _beyond,
        lambda given: isinstance(given, Samples),
    ),
)

"""Whether columns go together as they did."""

from __future__ import annotations

import math

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import divergence_interval
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.multivariate.ordinary import p_value
from obs_dagster.metrics.multivariate.samples import SampledColumn, Samples
from obs_dagster.metrics.record import Estimate

_TWO = 2
_LEAST = 1e-6
_FEW = "fewer than two numbers that vary"


def _obstacle(samples: Samples) -> str:
    return samples.obstacle or ("" if len(samples.ranks.names) >= _TWO else _FEW)


def _value(samples: Samples) -> float:
    return math.sqrt(float((samples.ranks.change**2).mean()))


def _change(samples: Samples) -> Estimate:
    if obstacle := _obstacle(samples):
        return Estimate.missing(obstacle, samples.n)
    value = _value(samples)
    low, high = divergence_interval(value**2, *samples.ranks.replicates(samples.seed), largest=4.0)
    return Estimate(value, min(math.sqrt(low), value), max(math.sqrt(high), value), samples.n)


def _beyond(samples: Samples) -> Estimate:
    if obstacle := _obstacle(samples) or samples.not_calibrated("correlation_change"):
        return Estimate.missing(obstacle, samples.n)
    ordinary = [max(each, _LEAST) for each in samples.ordinary["correlation_change"]]
    return Estimate(p_value(max(_value(samples), _LEAST), ordinary), None, None, samples.n)


def _of_column(column: SampledColumn) -> Estimate:
    samples = column.samples
    if obstacle := _obstacle(samples):
        return Estimate.missing(obstacle, samples.n)
    names = samples.ranks.names
    if column.name not in names:
        return Estimate.missing("its numbers do not vary", samples.n)
    one, other = np.triu_indices(len(names), 1)
    place = names.index(column.name)
    change = np.abs(samples.ranks.change)[(one == place) | (other == place)]
    return Estimate(float(change.max()), None, None, samples.n)


METRICS = (
    Metric(
        Definition(
            name="correlation_change",
            id="correlation_change/spearman-rms/1",
            family="multivariate",
            title="Change of correlations",
            meaning="By how much the correlations of the numeric features differ from those of the baseline, "
            "over all pairs: 0 is as before. `correlation_shift` says which columns.",
            formula="√(Σ (r - r')² / pairs), r and r' Spearman's correlations of a pair on at most 2,000 "
            "rows of the day and of the baseline; missing values count as middle ranks. Columns that do not "
            "vary are left out.",
            reference="`scipy.stats.spearmanr`, where nothing is missing.",
            interval="bootstrap of the rows of both sides, without the part of noise alone (as for PSI)",
            better="lower",
            cells="none",
            daily=True,
            asked_with="correlations",
            noun="change of correlations",
            shown=frozenset({"trend"}),
            rank=201,
        ),
        _change,
        lambda given: isinstance(given, Samples),
    ),
    Metric(
        Definition(
            name="correlation_change_p_value",
            id="correlation_change_p_value/days/1",
            family="multivariate",
            title="p-value of changed correlations against days that differ anyway",
            meaning="The chance that correlations of an ordinary day differ so much from the baseline's.",
            formula="as `domain_auc_p_value`, of ln `correlation_change`.",
            reference="[multivariate.md](multivariate.md).",
            interval="none: a p-value already speaks of the noise",
            better="higher",
            cells="none",
            daily=True,
            asked_with="correlations",
            noun="p-value of correlations",
        ),
        _beyond,
        lambda given: isinstance(given, Samples),
    ),
    Metric(
        Definition(
            name="correlation_shift",
            id="correlation_shift/spearman-largest/1",
            family="multivariate",
            title="Largest change of a column's correlations",
            meaning="By how much a numeric feature's correlation with another one has changed at most.",
            formula="max |r - r'| over the pairs with the column, as of `correlation_change`.",
            reference="`scipy.stats.spearmanr`, where nothing is missing.",
            interval="none",
            better="lower",
            about="column",
            cells="none",
            daily=True,
            asked_with="correlations",
            noun="largest change of correlation",
        ),
        _of_column,
        lambda given: isinstance(given, SampledColumn) and given.name in given.samples.numbers,
    ),
)

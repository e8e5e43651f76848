"""Population stability index."""

from __future__ import annotations

import math

import numpy as np

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.comparison import Comparison, shares
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import CountArray, FloatArray

FLOOR = 1e-4
"""Smallest share that a bin is given, so that an empty bin has a logarithm. Evidently fills empty bins so."""


LARGEST = 2 * (1 - FLOOR) * math.log(1 / FLOOR)
"""What the index is where all rows have gone from one bin to another; more it cannot be."""


def psi(baseline: CountArray, current: CountArray) -> FloatArray:
    """The population stability index of counts (..., k) against counts (..., k), shape (...).

    Sum of (q - p) ln(q / p) over the bins, p and q the shares of baseline and current window: the sum of the
    two Kullback-Leibler divergences.
    """
    result: FloatArray = term(shares(baseline), shares(current)).sum(axis=-1)
    return result


def term(p: FloatArray, q: FloatArray) -> FloatArray:
    """What a bin with these shares adds."""
    p, q = np.maximum(p, FLOOR), np.maximum(q, FLOOR)
    result: FloatArray = (q - p) * np.log(q / p)
    return result


def slopes(p: FloatArray, q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The derivatives of `term`; -inf by a share below the floor, where it turns."""
    ratio = np.maximum(q, FLOOR) / np.maximum(p, FLOOR)
    change = np.log(ratio)
    return (
        np.where(p < FLOOR, -np.inf, 1 - ratio - change),
        np.where(q < FLOOR, -np.inf, 1 - 1 / ratio + change),
    )


def _estimate(comparison: Comparison) -> Estimate:
    return comparison.divergence(psi, term, slopes, largest=LARGEST)


#: From here on a PSI says no more than that nearly all rows lie where the baseline had few: all rows in one
#: tenth of the baseline make 8.3, half of them in each of two tenths 6.8.
CEILING = 7.5
MOVED = 0.1
"""From here on a population has shifted (Siddiqi, Credit Risk Scorecards, 2006)."""

METRICS = (
    Metric(
        Definition(
            name="psi",
            id="psi/baseline-deciles-ln/2",
            family="drift",
            title="Population stability index",
            meaning="How far the shares of the bins have moved from the baseline's; read by convention as "
            "small below 0.1, moderate up to 0.25, large above.",
            formula="Σ (q - p) · ln(q / p) over bins, natural logarithm; p, q: shares of the baseline and of "
            "the current window, those below 0.0001 raised to it. Numeric columns: deciles of the baseline, "
            "rounded to the profile's bins; categorical columns: one bin per value.",
            reference="Siddiqi, Credit Risk Scorecards (2006). On a categorical column equal to Evidently's "
            '`stattest="psi"` as long as no share is below 0.0001; its numeric bins differ. '
            "On a numeric column that of the exact deciles, within the stated error.",
            interval="score-type bootstrap over both samples; takes off the bias of PSI, which under no "
            "drift is (1/n + 1/m) χ²(bins - 1); widened by the error",
            better="lower",
            about="column",
            cells="outputs",
            noun="PSI",
            shown=frozenset({"trend"}),
            rank=20,
            heading="{output} drift (PSI)",
            saturates=CEILING,
            watched=(
                DefaultRule(
                    name="scores_moved",
                    above=0.25,
                    beyond_days=True,
                    window=7,
                    for_nights=2,
                    min_rows=200,
                    columns="leading",
                    summary="The model puts out other values than on the baseline. No label is "
                    "needed to see this one. Look at which features moved, or whether a "
                    "feature is broken.",
                    why="A large shift by convention (Siddiqi, 2006). A week cancels the "
                    "rhythm of its days; a second night tells a shift from a single odd "
                    "day.",
                ),
                DefaultRule(
                    name="categories_moved",
                    above=0.25,
                    beyond_days=True,
                    window=7,
                    for_nights=2,
                    min_rows=200,
                    severity="info",
                    columns="categories",
                    summary="The values of a feature are others, or in other shares, than on the "
                    "baseline. New names for old values look like this, too.",
                    why="A large shift by convention (Siddiqi, 2006). A week cancels the "
                    "rhythm of its days; a second night tells a shift from a single odd "
                    "day.",
                ),
                DefaultRule(
                    name="categories_changed",
                    above=0.1,
                    also="500 % of usual",
                    beyond_days=True,
                    columns="categories",
                    summary="From one day to the next, categories are gone or new, or their shares others. "
                    "Were values renamed, or is a part of the traffic missing?",
                    why="From 0.1 on shares have shifted by convention (Siddiqi, 2006). In a year of flights "
                    "no category had five times as much as on such days before, though some have 0.2 of "
                    "themselves, or 8, as the weekday. What stays changed is usual after two weeks; a "
                    "week's shares are watched beside it.",
                ),
                DefaultRule(
                    name="feature_changed",
                    above=0.5,
                    also="300 % of usual",
                    beyond_days=True,
                    for_nights=2,
                    columns="numeric",
                    summary="From one day to the next, a feature has other values than on such days "
                    "before. Was its unit changed, or its source?",
                    why="One odd day is weather; in eight weeks of it one of nine columns had two in a row. "
                    "What stays changed is usual after two weeks; a week's values are watched beside it.",
                ),
                DefaultRule(
                    name="feature_moved",
                    above=6.0,
                    beyond_days=True,
                    window=7,
                    min_rows=200,
                    severity="info",
                    columns="numeric",
                    summary="Nearly all values of a feature lie where the baseline had few. It explains "
                    "other alerts rather than being one of them.",
                    why="All rows in one tenth of the baseline make 8. Against the four weeks before, no "
                    "week of a year's weather reached 6, and one in fifty 4. Smaller moves are told in the "
                    "verdict.",
                ),
            ),
        ),
        _estimate,
    ),
)

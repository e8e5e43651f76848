"""Which features made a version's output go up or down since its baseline: SHAP values add up to it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.explanation.attribution_drift import AttributionShift
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray

Part = Callable[[FloatArray], FloatArray]
"""From SHAP values, shape (rows, features), to a number of each row."""

_SIGNED = ("binary_classification", "regression", "unlabelled")
"""Of several classes only sizes of SHAP values are compared, and these add up to nothing."""


def _mean_shift(shift: AttributionShift, part: Part) -> Estimate:
    """The difference of two means with Welch's interval, of what is read off the SHAP values of each side."""
    if shift.obstacle:
        # there may be no values at all
        return Estimate.missing(shift.obstacle)
    # of numbers near the end of what there is no sum is one
    with np.errstate(over="ignore", invalid="ignore"):
        then, now = (part(each) for each in shift.clear)
        m, n = len(then), len(now)
        if not n or not m:
            return Estimate.missing("no explained rows")
        value = float(now.mean() - then.mean())
        parts = np.array([each.var(ddof=1) / len(each) if len(each) > 1 else 0.0 for each in (then, now)])
        total = float(parts.sum())
    if not math.isfinite(value):
        return Estimate.missing("the output is too large to be added up", n)
    if min(m, n) == 1 or not math.isfinite(total):
        return Estimate(value, None, None, n)
    if total == 0:
        return Estimate(value, value, value, n)
    from scipy.stats import t

    freedom = 1 / float(((parts / total) ** 2 / np.array([m - 1, n - 1])).sum())
    reach = float(t.ppf(0.975, freedom)) * math.sqrt(total)
    return Estimate(value, value - reach, value + reach, n)


def _of_one(shift: AttributionShift) -> Estimate:
    return _mean_shift(shift, lambda values: values[:, shift.column or 0])


def _of_output(shift: AttributionShift) -> Estimate:
    return _mean_shift(shift, lambda values: values.sum(axis=1))


def _of_all(given: object) -> bool:
    return isinstance(given, AttributionShift) and given.column is None


def _of_feature(given: object) -> bool:
    return isinstance(given, AttributionShift) and given.column is not None


_INTERVAL = "Welch's, of two means of explained rows"

METRICS = (
    Metric(
        Definition(
            name="output_shift",
            id="output_shift/shap/1",
            family="explanation",
            title="How far the mean output is from the baseline's",
            meaning="By how much more, or less, the version puts out on average than on its baseline, in the "
            "unit of its SHAP values. `shap_shift` says which features that is from.",
            formula="mean Σⱼ φⱼ over the day's explained rows - that over the baseline's; φⱼ: SHAP value of "
            "feature j. A row's output is Σⱼ φⱼ and a constant.",
            reference="Lundberg and Lee 2017: SHAP values add up to the output (local accuracy).",
            interval=_INTERVAL,
            needs=("registry",),
            tasks=_SIGNED,
            cells="none",
            daily=True,
            noun="shift of the mean output",
        ),
        _of_output,
        _of_all,
    ),
    Metric(
        Definition(
            name="shap_shift",
            id="shap_shift/mean/1",
            family="explanation",
            title="What a feature adds to the shift of the mean output",
            meaning="By how much more or less a feature adds to the output on average than on the baseline, "
            "because its values moved or others that the model uses it with. Over all features these add up "
            "to `output_shift`.",
            formula="mean φ over the day's explained rows - that over the baseline's; φ: SHAP value of the "
            "feature.",
            reference="Lundberg and Lee 2017: SHAP values add up to the output (local accuracy).",
            interval=_INTERVAL,
            needs=("registry",),
            tasks=_SIGNED,
            about="column",
            cells="none",
            daily=True,
            noun="part in the shift of the output",
        ),
        _of_one,
        _of_feature,
    ),
)

"""What a model is worth without one of its features: permutation importance on labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.explanation.opinions import LABELLED
from obs_dagster.metrics.intervals import normal_mean
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray


@dataclass(frozen=True, slots=True)
class LabelImportance:
    """By how much the loss of labelled rows grows when a feature is permuted.

    Attributes:
        growth: of each row and feature, the mean over the permutations, shape (rows, features).
        column: the place of the feature.
    """

    growth: FloatArray
    column: int


def _importance(given: LabelImportance) -> Estimate:
    growth = given.growth[:, given.column]
    growth = growth[np.isfinite(growth)]
    n = len(growth)
    if not n:
        return Estimate.missing("no labels")
    low, high = normal_mean(float(growth.sum()), float((growth**2).sum()), n) or (None, None)
    return Estimate(float(growth.mean()), low, high, n)


METRICS = (
    Metric(
        Definition(
            name="permutation_importance",
            id="permutation_importance/loss/1",
            family="explanation",
            title="Permutation importance on labels",
            meaning="How much worse the model does when a feature's values are shuffled among the rows: what "
            "it is worth to be right, where SHAP says what moves the score. Around 0 or below, the feature "
            "is worth nothing.",
            formula="mean of loss(permuted) - loss over the labelled rows and `repeats` permutations; loss: "
            "-ln p(label) of a classifier, |prediction - label| of a regressor.",
            reference='`sklearn.inspection.permutation_importance(…, scoring="neg_log_loss" or '
            '"neg_mean_absolute_error", random_state=0).importances_mean`.',
            interval="normal, from the standard error over the rows of each row's mean growth",
            better=None,
            tasks=LABELLED,
            needs=("labels", "registry", "explanations.second_opinion"),
            about="column",
            cells="none",
            daily=True,
            noun="permutation importance",
        ),
        _importance,
        lambda given: isinstance(given, LabelImportance),
    ),
)

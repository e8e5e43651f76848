"""What false positives and false negatives cost."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.binary.metrics.outcomes import Outcomes
from obs_dagster.tasks.costs import COMBINED, cost_definition, cost_of_errors


def _cost(outcomes: Outcomes) -> Estimate:
    errors = np.array([outcomes.false_positives, outcomes.false_negatives])
    return cost_of_errors(errors, np.array(_prices(outcomes)), outcomes.n)


def _prices(outcomes: Outcomes) -> tuple[float, float]:
    return outcomes.costs.false_positive, outcomes.costs.false_negative


METRICS = (
    Metric(
        cost_definition(
            "binary_classification",
            "(price of a false positive · FP + price of a false negative · FN) / n.",
            COMBINED,
        ),
        _cost,
        lambda given: isinstance(given, Outcomes) and any(_prices(given)),
    ),
)

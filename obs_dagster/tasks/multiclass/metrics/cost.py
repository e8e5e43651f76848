"""What wrong predictions cost, by the class of the row."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.multiclass import OTHER_CLASS
from obs_dagster.tasks.costs import COMBINED, cost_definition, cost_of_errors
from obs_dagster.tasks.multiclass.counts import ClassOutcomes
from obs_dagster.tasks.multiclass.metrics.applies import TASKS, to_all


def _cost(outcomes: ClassOutcomes) -> Estimate:
    # what is labelled with no declared class was predicted wrongly
    right = np.append(outcomes.hits, 0)
    prices = np.array([outcomes.costs.of_class(name) for name in (*outcomes.classes, OTHER_CLASS)])
    return cost_of_errors(outcomes.labels - right, prices, outcomes.n)


METRICS = (
    Metric(
        cost_definition(
            TASKS[0],
            "Σ price_c · (N_c - N_cc) / n over the classes c; N_c: rows of label c, N_cc: those of them "
            "predicted as c.",
            COMBINED,
        ),
        _cost,
        lambda given: to_all(given) and bool(given.costs.wrong),
    ),
)

"""What each family of metrics says of counts: the arguments of its input, written out."""

import numpy as np

from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.importance import Attributions
from obs_dagster.metrics.quality.row_counts import RowCounts
from obs_dagster.metrics.service.traffic import Traffic
from obs_dagster.monitor.costs import Costs
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.tasks.binary.estimates import calibration, completed, expected, late
from obs_dagster.tasks.binary.metrics.outcomes import Outcomes
from obs_dagster.tasks.outcomes import Expecting, Lacking


def evaluate_drift(baseline, current, *, seed, statistics=None):
    return evaluate("drift", Comparison(baseline, current, seed), only=statistics)


def evaluate_performance(counts, *, seed):
    costs = Costs(false_positive=1, false_negative=4)
    return evaluate("performance", Outcomes(counts, seed, costs), task="binary_classification")


def evaluate_estimates(baseline, current, *, seed):
    given = Expecting(WHOLE, 1, seed)
    estimates = expected(current, calibration([baseline], seed), given)
    # as many rows once more, whose labels are awaited
    awaited = current | {"label": np.full(len(current["label"]), np.nan)}
    whole = {name: np.concatenate([current[name], awaited[name]]) for name in current}
    costs = Costs(false_positive=1, false_negative=4)
    completes = completed(whole, [Lacking(awaited, late([baseline] * 12, seed))], given, costs)
    found = (evaluate("estimate", each, task="binary_classification") for each in (estimates, completes))
    return {name: estimate for each in found for name, estimate in each.items()}


def evaluate_service(rows, latency, status, ok_statuses, hours=None):
    return evaluate("service", Traffic(rows, latency, status, ok_statuses, hours))


def evaluate_quality(rows, *, quarantined, duplicates, schema_changes):
    return evaluate("quality", RowCounts(rows, quarantined, duplicates, schema_changes))


def evaluate_model(check):
    return evaluate("explanation", check)


def evaluate_explanation(values):
    return [evaluate("explanation", each) for each in Attributions.each(values)]

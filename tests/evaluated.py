"""What each family of metrics says of counts: the arguments of its input, written out."""

from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation import Attributions
from obs_dagster.metrics.quality import RowCounts
from obs_dagster.metrics.service.traffic import Traffic
from obs_dagster.monitor.costs import Costs
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.tasks.binary.estimates import calibration, expected
from obs_dagster.tasks.binary.metrics.outcomes import Outcomes
from obs_dagster.tasks.outcomes import Expecting


def evaluate_drift(baseline, current, *, seed, statistics=None):
    return evaluate("drift", Comparison(baseline, current, seed), only=statistics)


def evaluate_performance(counts, *, seed):
    costs = Costs(false_positive=1, false_negative=4)
    return evaluate("performance", Outcomes(counts, seed, costs), task="binary_classification")


def evaluate_estimates(baseline, current, *, seed):
    given = Expecting(WHOLE, 1, seed)
    estimates = expected(current, calibration([baseline], seed), given)
    return evaluate("estimate", estimates, task="binary_classification")


def evaluate_service(rows, latency, status, ok_statuses, hours=None):
    return evaluate("service", Traffic(rows, latency, status, ok_statuses, hours))


def evaluate_quality(rows, *, quarantined, duplicates, schema_changes):
    return evaluate("quality", RowCounts(rows, quarantined, duplicates, schema_changes))


def evaluate_model(check):
    return evaluate("explanation", check)


def evaluate_explanation(values):
    return [evaluate("explanation", each) for each in Attributions.each(values)]

"""How much of the truth is known, and how the two classes are spread over it."""

from __future__ import annotations

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.performance.outcomes import Outcomes
from obs_dagster.metrics.record import Estimate


def _label_coverage(outcomes: Outcomes) -> Estimate:
    return share(outcomes.n, outcomes.counts.predictions, reason="no predictions")


def _positive_share(outcomes: Outcomes) -> Estimate:
    return share(outcomes.positives, outcomes.n, reason="no labels")


def _predicted_positive_share(outcomes: Outcomes) -> Estimate:
    return share(outcomes.true_positives + outcomes.false_positives, outcomes.n, reason="no labels")


METRICS = (
    Metric(
        Definition(
            name="label_coverage",
            id="label_coverage/1",
            family="performance",
            title="Label coverage",
            meaning="The share of predictions whose true value is known by now; n counts the predictions.",
            formula="labelled rows / predictions.",
            reference="a plain share of rows.",
            interval="Wilson",
            unit="share",
            better="higher",
        ),
        _label_coverage,
    ),
    Metric(
        Definition(
            name="positive_share",
            id="positive_share/1",
            family="performance",
            title="Share of positives",
            meaning="The share of labelled rows whose true class is positive (prevalence).",
            formula="(TP + FN) / n.",
            reference="`numpy.mean(label)`.",
            interval="Wilson",
            unit="share",
        ),
        _positive_share,
    ),
    Metric(
        Definition(
            name="predicted_positive_share",
            id="predicted_positive_share/labelled/1",
            family="performance",
            title="Share of predicted positives",
            meaning="The share of labelled rows that were predicted positive; beside `positive_share` it "
            "shows a model that cries wolf or has gone silent.",
            formula="(TP + FP) / n.",
            reference="`numpy.mean(decision)` over the labelled rows.",
            interval="Wilson",
            unit="share",
        ),
        _predicted_positive_share,
    ),
)

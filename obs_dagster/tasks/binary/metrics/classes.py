"""How the two classes are spread over labels and decisions."""

from __future__ import annotations

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.binary.metrics.outcomes import Outcomes


def _positive_share(outcomes: Outcomes) -> Estimate:
    return share(outcomes.positives, outcomes.n, reason="no labels")


def _predicted_positive_share(outcomes: Outcomes) -> Estimate:
    return share(outcomes.true_positives + outcomes.false_positives, outcomes.n, reason="no labels")


METRICS = (
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
            tasks=("binary_classification",),
            needs=("labels",),
            noun="share of positive labels",
            written="percent",
            incident="labels",
            watched=(
                DefaultRule(
                    name="labels_one_sided",
                    below="10 % of usual",
                    min_rows=200,
                    settled=True,
                    summary="Hardly any label is positive. Does the feed lack a class, or code it "
                    "differently?",
                    why="Days differ by less: the calmest day of half a year of flights had a fifth of what "
                    "is usual on its weekday. Days are judged once their labels are waited for no longer, "
                    "for positive labels often come later.",
                ),
            ),
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
            tasks=("binary_classification",),
            needs=("labels",),
            noun="share of positive predictions",
            written="percent",
        ),
        _predicted_positive_share,
    ),
)

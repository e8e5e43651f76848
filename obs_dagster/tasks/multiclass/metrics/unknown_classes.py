"""Labels of classes that nobody declared, and declared classes that have no labels."""

from __future__ import annotations

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.multiclass.counts import ClassOutcomes
from obs_dagster.tasks.multiclass.metrics.applies import LABELS, TASKS, to_all


def _unknown(outcomes: ClassOutcomes) -> Estimate:
    return share(int(outcomes.labels[-1]), outcomes.n, reason="no labels")


def _without_labels(outcomes: ClassOutcomes) -> Estimate:
    if outcomes.n == 0:
        return Estimate.missing("no labels")
    return Estimate(float(len(outcomes.classes) - len(outcomes.occurring)), None, None, outcomes.n)


METRICS = (
    Metric(
        Definition(
            name="unknown_label_share",
            id="unknown_label_share/1",
            family="performance",
            title="Share of labels of unknown classes",
            meaning="The share of labelled rows whose label is none of the declared classes, so that no "
            "prediction can be right.",
            formula="rows with a label that is no declared class / labelled rows.",
            reference="`1 - numpy.mean(numpy.isin(label, classes))`.",
            interval="Wilson",
            unit="share",
            better="lower",
            tasks=TASKS,
            needs=LABELS,
            noun="share of labels of unknown classes",
            written="percent",
            incident="labels",
            watched=(
                DefaultRule(
                    name="labels_unknown",
                    above=0.05,
                    min_rows=200,
                    summary="Labels name classes that nobody declared. Has the feed renamed some, or is "
                    "there a new one to be trained for?",
                    why="What is declared is what the model knows; one label of twenty that is none of "
                    "it has a cause.",
                ),
            ),
        ),
        _unknown,
        to_all,
    ),
    Metric(
        Definition(
            name="classes_without_labels",
            id="classes_without_labels/1",
            family="performance",
            title="Classes without labels",
            meaning="How many of the declared classes no label names; they are in no average over classes.",
            formula="declared classes - those that labels name.",
            reference="`len(set(classes) - set(label))`.",
            interval="none: a count",
            unit="classes",
            better="lower",
            tasks=TASKS,
            needs=LABELS,
            noun="classes without labels",
            written="count",
            shown=frozenset({"summary"}),
            rank=50,
        ),
        _without_labels,
        to_all,
    ),
)

"""How right the model is about one class, and how frequent that is."""

from __future__ import annotations

from collections.abc import Callable

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition, Incident
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.multiclass.counts import OneClass
from obs_dagster.tasks.multiclass.metrics.applies import LABELS, TASKS, to_one
from obs_dagster.tasks.multiclass.metrics.averages import f1_interval


def _share(
    part: Callable[[OneClass], int], whole: Callable[[OneClass], int], reason: str
) -> Callable[[OneClass], Estimate]:
    def compute(given: OneClass) -> Estimate:
        return share(part(given), whole(given), reason=reason if given.n else "no labels")

    return compute


def _f1(given: OneClass) -> Estimate:
    if given.n == 0:
        return Estimate.missing("no labels")
    both = given.labels + given.predicted
    if both == 0:
        return Estimate.missing("no labels and no predictions of the class", given.n)
    value = 2 * given.hits / both
    low, high = f1_interval(given.hits, given.labels, given.predicted)
    return Estimate(value, min(value, low), max(value, high), given.n)


def _defined(
    name: str,
    compute: Callable[[OneClass], Estimate],
    *,
    title: str,
    meaning: str,
    formula: str,
    reference: str,
    noun: str,
    interval: str = "Wilson",
    good: bool = True,
    counts: str = "rows",
    incident: Incident = "behaviour",
    watched: tuple[DefaultRule, ...] = (),
) -> Metric[OneClass]:
    return Metric(
        Definition(
            name=name,
            id=f"{name}/1",
            family="performance",
            title=title,
            meaning=meaning,
            formula=formula,
            reference=reference,
            interval=interval,
            unit="" if name == "class_f1" else "share",
            better="higher" if good else None,
            counts=counts,
            tasks=TASKS,
            needs=LABELS,
            about="class",
            cells="none",
            noun=noun,
            written="number" if good else "percent",
            incident=incident,
            watched=watched,
        ),
        compute,
        to_one,
    )


METRICS = (
    _defined(
        "class_precision",
        _share(lambda given: given.hits, lambda given: given.predicted, "no predictions of the class"),
        title="Precision of a class",
        meaning="The share of the rows that the class was predicted for whose label it is; n counts these "
        "rows.",
        formula="N_cc / Σ_d N_dc; N_cd: rows of label c and prediction d.",
        reference="`sklearn.metrics.precision_score(label, prediction, labels=[class], average=None)`; no "
        "value "
        "where scikit-learn has `zero_division`.",
        noun="precision",
        counts="predictions of the class",
    ),
    _defined(
        "class_recall",
        _share(lambda given: given.hits, lambda given: given.labels, "no labels of the class"),
        title="Recall of a class",
        meaning="The share of the rows of the class that were predicted as it; n counts its labels.",
        formula="N_cc / Σ_d N_cd; N_cd: rows of label c and prediction d.",
        reference="`sklearn.metrics.recall_score(label, prediction, labels=[class], average=None)`; no value "
        "where scikit-learn has `zero_division`.",
        noun="recall",
        counts="labels of the class",
    ),
    _defined(
        "class_f1",
        _f1,
        title="F1 of a class",
        meaning="The harmonic mean of the class's precision and recall.",
        formula="2 N_cc / (Σ_d N_cd + Σ_d N_dc); N_cd: rows of label c and prediction d.",
        reference="`sklearn.metrics.f1_score(label, prediction, labels=[class], average=None)`; no value "
        "where "
        "scikit-learn has `zero_division`.",
        interval="Wilson interval of the share of hits among the rows of label or prediction, of which F1 "
        "is a "
        "rising function",
        noun="F1",
    ),
    _defined(
        "class_share",
        _share(lambda given: given.labels, lambda given: given.n, "no labels"),
        title="Share of a class among labels",
        meaning="The share of labelled rows whose true class it is.",
        formula="Σ_d N_cd / n.",
        reference="`numpy.mean(label == class)`.",
        noun="share of labels",
        good=False,
        incident="labels",
        watched=(
            DefaultRule(
                name="labels_one_sided",
                below="10 % of usual",
                min_rows=200,
                settled=True,
                summary="Hardly any label is of a class. Does the feed lack it, or code it differently?",
                why="As of two classes: in half a year of flights no day had less than a sixth of what is "
                "usual of any of three classes. Rare ones are unsure, and so no breach.",
            ),
        ),
    ),
    _defined(
        "class_predicted_share",
        _share(lambda given: given.predicted, lambda given: given.n, "no labels"),
        title="Share of a class among predictions",
        meaning="The share of labelled rows that the class was predicted for; beside `class_share` it shows "
        "a "
        "class that the model favours or forgets.",
        formula="Σ_d N_dc / n.",
        reference="`numpy.mean(prediction == class)` over the labelled rows.",
        noun="share of predictions",
        good=False,
    ),
)

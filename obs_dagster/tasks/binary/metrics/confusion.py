"""The confusion matrix, and the shares made from it."""

from __future__ import annotations

from collections.abc import Callable

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share, wilson
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quality_lost import quality_lost
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.binary.metrics.outcomes import Outcomes


def f1(outcomes: Outcomes) -> Estimate:
    """F1 with an interval in closed form.

    F1 = 2 J / (1 + J) rises with J = TP / (TP + FP + FN), and J is a plain share: that of the true positives
    among the rows that are not true negatives. So the ends of J's Wilson interval, put through the same
    formula, are the ends of F1's; no resampling, and sound for small counts.
    """
    if outcomes.n == 0:
        return Estimate.missing("no labels")
    involved = outcomes.true_positives + outcomes.false_positives + outcomes.false_negatives
    if involved == 0:
        return Estimate.missing("no positives and no predicted positives", outcomes.n)

    def from_jaccard(jaccard: float) -> float:
        return 2 * jaccard / (1 + jaccard)

    low, high = wilson(outcomes.true_positives, involved)
    value = 2 * outcomes.true_positives / (involved + outcomes.true_positives)
    # The same number by another formula: rounding must not shut it out of its own interval.
    return Estimate(value, min(value, from_jaccard(low)), max(value, from_jaccard(high)), outcomes.n)


def _count(count: Callable[[Outcomes], int]) -> Callable[[Outcomes], Estimate]:
    def compute(outcomes: Outcomes) -> Estimate:
        if outcomes.n == 0:
            return Estimate.missing("no labels")
        return Estimate(float(count(outcomes)), None, None, outcomes.n)

    return compute


def _share(
    part: Callable[[Outcomes], int], whole: Callable[[Outcomes], int], reason: str
) -> Callable[[Outcomes], Estimate]:
    def compute(outcomes: Outcomes) -> Estimate:
        return share(part(outcomes), whole(outcomes), reason=reason if outcomes.n else "no labels")

    return compute


def _cell(
    name: str, title: str, meaning: str, count: Callable[[Outcomes], int], place: str
) -> Metric[Outcomes]:
    return Metric(
        Definition(
            name=name,
            id=f"{name}/1",
            family="performance",
            title=title,
            meaning=meaning,
            formula="count of labelled rows, with the decision that was served.",
            reference=f"`sklearn.metrics.confusion_matrix(label, decision){place}`.",
            interval="none: a count",
            unit="rows",
            tasks=("binary_classification",),
            needs=("labels",),
            written="count",
        ),
        _count(count),
    )


METRICS = (
    _cell(
        "true_positives",
        "True positives",
        "Labelled rows that were rightly predicted positive.",
        lambda outcomes: outcomes.true_positives,
        "[1, 1]",
    ),
    _cell(
        "false_positives",
        "False positives",
        "Labelled rows that were wrongly predicted positive.",
        lambda outcomes: outcomes.false_positives,
        "[0, 1]",
    ),
    _cell(
        "true_negatives",
        "True negatives",
        "Labelled rows that were rightly predicted negative.",
        lambda outcomes: outcomes.true_negatives,
        "[0, 0]",
    ),
    _cell(
        "false_negatives",
        "False negatives",
        "Labelled rows that were wrongly predicted negative.",
        lambda outcomes: outcomes.false_negatives,
        "[1, 0]",
    ),
    Metric(
        Definition(
            name="precision",
            id="precision/1",
            family="performance",
            title="Precision",
            meaning="The share of predicted positives that are positive; n counts the predicted positives.",
            formula="TP / (TP + FP).",
            reference="`sklearn.metrics.precision_score(label, decision)`.",
            interval="Wilson",
            unit="share",
            counts="predicted positives",
            better="higher",
            tasks=("binary_classification",),
            needs=("labels",),
            shown=frozenset({"verdict", "trend", "summary"}),
            rank=2,
            watched=(
                quality_lost(
                    "precision_lost",
                    below="75 % of baseline",
                    summary="More of what the model announces does not happen than on the "
                    "baseline. Raise the threshold or retrain.",
                ),
            ),
        ),
        _share(
            lambda outcomes: outcomes.true_positives,
            lambda outcomes: outcomes.true_positives + outcomes.false_positives,
            "no predicted positives",
        ),
    ),
    Metric(
        Definition(
            name="recall",
            id="recall/1",
            family="performance",
            title="Recall",
            meaning="The share of positives that were predicted positive; n counts the positives.",
            formula="TP / (TP + FN).",
            reference="`sklearn.metrics.recall_score(label, decision)`.",
            interval="Wilson",
            unit="share",
            counts="positives",
            better="higher",
            tasks=("binary_classification",),
            needs=("labels",),
            shown=frozenset({"verdict", "trend", "summary"}),
            rank=1,
            watched=(
                quality_lost(
                    "recall_lost",
                    below="75 % of baseline",
                    summary="More of the positives are missed than on the baseline. If the scores "
                    "moved too, look at which features left the range of the baseline, "
                    "and retrain.",
                ),
            ),
        ),
        _share(
            lambda outcomes: outcomes.true_positives,
            lambda outcomes: outcomes.positives,
            "no positives",
        ),
    ),
    Metric(
        Definition(
            name="f1",
            id="f1/1",
            family="performance",
            title="F1",
            meaning="The harmonic mean of precision and recall.",
            formula="2 TP / (2 TP + FP + FN).",
            reference="`sklearn.metrics.f1_score(label, decision)`.",
            interval="Wilson interval of the Jaccard share TP / (TP + FP + FN), of which F1 is a rising "
            "function",
            better="higher",
            tasks=("binary_classification",),
            needs=("labels",),
            noun="F1",
            shown=frozenset({"summary"}),
            rank=3,
        ),
        f1,
    ),
    Metric(
        Definition(
            name="accuracy",
            id="accuracy/1",
            family="performance",
            title="Accuracy",
            meaning="The share of labelled rows that were predicted rightly.",
            formula="(TP + TN) / n.",
            reference="`sklearn.metrics.accuracy_score(label, decision)`.",
            interval="Wilson",
            unit="share",
            better="higher",
            tasks=("binary_classification",),
            needs=("labels",),
        ),
        _share(
            lambda outcomes: outcomes.true_positives + outcomes.true_negatives,
            lambda outcomes: outcomes.n,
            "no labels",
        ),
    ),
)

"""How many predictions are right, whatever the class."""

from __future__ import annotations

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.multiclass.counts import ClassOutcomes
from obs_dagster.tasks.multiclass.metrics.applies import LABELS, SCORES, TASKS, to_all, to_scored

#: The places of the label that top-k accuracy is known for.
TOPS = (2, 3, 5)


def _accuracy(outcomes: ClassOutcomes) -> Estimate:
    return share(int(outcomes.hits.sum()), outcomes.n, reason="no labels")


def _top(k: int) -> Metric[ClassOutcomes]:
    def compute(outcomes: ClassOutcomes) -> Estimate:
        if k >= len(outcomes.classes):
            return Estimate.missing(f"there are {len(outcomes.classes)} classes", outcomes.top.n)
        reached = int(outcomes.top.counts[..., :k].sum())
        return share(reached, outcomes.top.n, reason=outcomes.no_scores)

    return Metric(
        Definition(
            name=f"top_{k}_accuracy",
            id=f"top_{k}_accuracy/1",
            family="performance",
            title=f"Top-{k} accuracy",
            meaning=f"The share of labelled rows whose label has one of the {k} highest scores.",
            formula=f"rows whose label's score is among the {k} highest / labelled rows with scores; of "
            f"equal "
            "scores the later class counts as higher. A label of no declared class is never among them.",
            reference=f"`sklearn.metrics.top_k_accuracy_score(label, scores, k={k})`.",
            interval="Wilson",
            unit="share",
            better="higher",
            tasks=TASKS,
            needs=SCORES,
            from_zero=False,
        ),
        compute,
        lambda given: to_scored(given) and k < len(given.classes),
    )


METRICS = (
    Metric(
        Definition(
            name="accuracy",
            id="accuracy/classes/1",
            family="performance",
            title="Accuracy",
            meaning="The share of labelled rows that were predicted rightly.",
            formula="Σ N_cc / n over the declared classes c; N_cd: rows of label c and prediction d. What is "
            "labelled with no declared class was predicted wrongly.",
            reference="`sklearn.metrics.accuracy_score(label, prediction)`.",
            interval="Wilson",
            unit="share",
            better="higher",
            tasks=TASKS,
            needs=LABELS,
            shown=frozenset({"verdict", "trend", "summary"}),
            rank=2,
        ),
        _accuracy,
        to_all,
    ),
    *(_top(k) for k in TOPS),
)

"""Precision, recall and F1 as averages over the classes.

Averages are over those declared classes that labels name in the window; a class without labels is left out
of them (`classes_without_labels` counts such). One that labels name and that is never predicted has precision
and F1 of 0, as in scikit-learn's `zero_division=0`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import Interval, combined_interval, effective_interval, wilson
from obs_dagster.metrics.mean_share import mean_share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quality_lost import quality_lost
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.tasks.multiclass.counts import ClassOutcomes
from obs_dagster.tasks.multiclass.metrics import influence
from obs_dagster.tasks.multiclass.metrics.applies import LABELS, TASKS, to_all

Estimated = Callable[[ClassOutcomes], tuple[float, Interval]]


def f1_interval(hits: int, labels: int, predicted: int) -> Interval:
    """Interval of a class's F1: that of the Jaccard share hits / (labels or predicted), of which it rises."""
    low, high = wilson(hits, labels + predicted - hits)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def _averaged(
    values: FloatArray, intervals: FloatArray, correlation: FloatArray | None = None
) -> tuple[float, Interval]:
    weights = np.full(len(values), 1 / len(values))
    return float(values.mean()), combined_interval(values, intervals, weights, correlation)


def _macro_recall(outcomes: ClassOutcomes) -> tuple[float, Interval]:
    found = outcomes.occurring
    return _mean_share(outcomes.hits[found], outcomes.labels[found])


def _macro_precision(outcomes: ClassOutcomes) -> tuple[float, Interval]:
    found = outcomes.occurring
    return _mean_share(outcomes.hits[found], outcomes.predicted[found])


def _mean_share(hits: IntArray, wholes: IntArray) -> tuple[float, Interval]:
    """The mean of shares, each 0 of nothing: that could be anything, which is no noise that evens out."""
    known = wholes > 0
    weights = np.full(len(wholes), 1 / len(wholes))[known]
    low, high = mean_share(hits[known], wholes[known], weights) if known.any() else (0.0, 0.0)
    return float(weights @ (hits[known] / wholes[known])), (low, high + float((~known).mean()))


def _macro_f1(outcomes: ClassOutcomes) -> tuple[float, Interval]:
    found = outcomes.occurring
    hits, labels, predicted = outcomes.hits[found], outcomes.labels[found], outcomes.predicted[found]
    cells = influence.shares(outcomes.confusion)
    covariances = influence.covariance(cells, influence.of_f1(cells, found), outcomes.n)
    intervals = [
        f1_interval(*counts)
        for counts in zip(hits.tolist(), labels.tolist(), predicted.tolist(), strict=True)
    ]
    return _averaged(2 * hits / (labels + predicted), np.array(intervals), influence.correlation(covariances))


def _weighted(
    outcomes: ClassOutcomes,
    value: Callable[[FloatArray, IntArray], FloatArray],
    moved: Callable[[FloatArray, IntArray], FloatArray],
    lifted: Callable[[FloatArray], FloatArray] = np.zeros_like,
) -> tuple[float, Interval]:
    """An average weighted by labels.

    Args:
        outcomes: of the window.
        value: how a measure of some classes follows from the cells.
        moved: likewise its influence.
        lifted: the covariance of each class's measure and its weight, times the rows: by their sum the
            average is too high, which the interval takes off.
    """
    found = outcomes.occurring

    def average(cells: FloatArray) -> tuple[float, FloatArray]:
        weights = cells.sum(axis=1)[found] / cells.sum(axis=1)[found].sum()
        return float(weights @ value(cells, found)), weights

    cells = influence.shares(outcomes.confusion, smoothing=influence.SMOOTHING)
    smooth, weights = average(cells)
    grown = np.tensordot(weights, moved(cells, found), axes=1)
    declared = cells.sum(axis=1)[found].sum()
    grown[found] += ((value(cells, found) - smooth) / declared)[:, np.newaxis]
    variance = float(influence.covariance(cells, grown[np.newaxis], outcomes.n)[0, 0])
    exact, _ = average(influence.shares(outcomes.confusion))
    rows = float(smooth * (1 - smooth) / variance) if variance > 0 else outcomes.n
    lift = float(lifted(value(cells, found)).sum() / (outcomes.n * declared))
    return exact, effective_interval(max(0.0, exact - lift), rows)


def _precisions(cells: FloatArray, classes: IntArray) -> FloatArray:
    columns = cells.sum(axis=0)[classes]
    shares: FloatArray = np.divide(
        cells.diagonal()[classes], columns, out=np.zeros(len(classes)), where=columns > 0
    )
    return shares


def _f1s(cells: FloatArray, classes: IntArray) -> FloatArray:
    result: FloatArray = 2 * cells.diagonal()[classes] / (cells.sum(axis=0) + cells.sum(axis=1))[classes]
    return result


def _micro_precision(outcomes: ClassOutcomes) -> tuple[float, Interval]:
    return _pooled(outcomes.hits.sum(), float(outcomes.predicted[:-1].sum()))


def _micro_recall(outcomes: ClassOutcomes) -> tuple[float, Interval]:
    return _pooled(outcomes.hits.sum(), float(outcomes.labels[:-1].sum()))


def _micro_f1(outcomes: ClassOutcomes) -> tuple[float, Interval]:
    # each row is counted once by its label and once by its prediction
    both = float(outcomes.labels[:-1].sum() + outcomes.predicted[:-1].sum())
    return _pooled(outcomes.hits.sum(), both / 2)


def _pooled(hits: float, whole: float) -> tuple[float, Interval]:
    return (float(hits / whole), wilson(float(hits), whole)) if whole else (0.0, (0.0, 1.0))


def _compute(estimated: Estimated) -> Callable[[ClassOutcomes], Estimate]:
    def compute(outcomes: ClassOutcomes) -> Estimate:
        if outcomes.no_classes:
            return Estimate.missing(outcomes.no_classes, outcomes.n)
        value, (low, high) = estimated(outcomes)
        # the ends come by other formulas: rounding must not shut the value out
        return Estimate(value, max(0.0, min(value, low)), min(1.0, max(value, high)), outcomes.n)

    return compute


_MEASURES = {
    "precision": ("Precision", "P_c = N_cc / Σ_d N_dc", "precision_score"),
    "recall": ("Recall", "R_c = N_cc / Σ_d N_cd", "recall_score"),
    "f1": ("F1", "F_c = 2 N_cc / (Σ_d N_cd + Σ_d N_dc)", "f1_score"),
}
_SCORE = (
    "score interval of a mean of independent shares, Wilson's if there is one (Martin Andres, Alvarez "
    "Hernandez and Herranz Tejedor 2011)"
)
_DELTA = (
    "delta method on the multinomial confusion matrix, as Wilson's interval of as many rows as would be as "
    "sure "
    "(Takahashi et al., Applied Intelligence 52, 2022, 4961-4972, have the variances)"
)
_MEANINGS = {
    "macro": "the mean over the classes that occur among the labels, each counting the same",
    "micro": "over the rows of all declared classes together",
    "weighted": "the mean over the classes, each counting by its labels",
}
_AVERAGES: dict[tuple[str, str], tuple[Estimated, str]] = {
    ("macro", "precision"): (_macro_precision, _SCORE),
    ("macro", "recall"): (_macro_recall, _SCORE),
    ("macro", "f1"): (
        _macro_f1,
        "the classes' intervals combined as for `macro_recall`, with the correlations of the delta method",
    ),
    ("micro", "precision"): (_micro_precision, "Wilson"),
    ("micro", "recall"): (_micro_recall, "Wilson"),
    ("micro", "f1"): (_micro_f1, "Wilson, of half the labels and predictions that name a declared class"),
    ("weighted", "precision"): (
        partial(
            _weighted,
            value=_precisions,
            moved=influence.of_precision,
            # the more labels a class happens to have, the more of its predictions are right
            lifted=lambda precision: precision * (1 - precision),
        ),
        _DELTA,
    ),
    ("weighted", "recall"): (_micro_recall, "Wilson; it equals `micro_recall`"),
    ("weighted", "f1"): (partial(_weighted, value=_f1s, moved=influence.of_f1), _DELTA),
}


_WATCHED = (
    quality_lost(
        "quality_lost",
        below="85 % of baseline",
        summary="The classes are found less well than on the baseline. The confusion matrix says "
        "which are taken for others.",
    ),
)


def _metric(average: str, measure: str) -> Metric[ClassOutcomes]:
    estimated, interval = _AVERAGES[average, measure]
    title, formula, function = _MEASURES[measure]
    leads = (average, measure) == ("macro", "f1")
    return Metric(
        Definition(
            name=f"{average}_{measure}",
            id=f"{average}_{measure}/1",
            family="performance",
            title=f"{average.capitalize()} {title if measure == 'f1' else measure}",
            meaning=f"{title}, {_MEANINGS[average]}.",
            formula=f"{_FORMULAS[average].format(formula)}; N_cd: rows of label c and prediction d.",
            reference=f'`sklearn.metrics.{function}(label, prediction, labels=classes, average="{average}", '
            f"zero_division=0)`; classes: {_CLASSES[average]}.",
            interval=interval,
            unit="" if measure == "f1" else "share",
            better="higher",
            tasks=TASKS,
            needs=LABELS,
            noun=f"{average} {'F1' if measure == 'f1' else measure}",
            shown=frozenset({"verdict", "trend", "summary"}) if leads else frozenset(),
            rank=1 if leads else 100,
            watched=_WATCHED if leads else (),
        ),
        _compute(estimated),
        to_all,
    )


_CLASSES = {
    "macro": "the declared ones that labels name",
    "micro": "all declared ones",
    "weighted": "the declared ones that labels name",
}
_FORMULAS = {
    "macro": "mean of {} over the classes c with labels",
    "micro": "{} with sums over the declared classes above and below the line",
    "weighted": "Σ L_c x_c / Σ L_c, L_c: labels of class c, x_c: {}",
}

METRICS = (
    Metric(
        Definition(
            name="balanced_accuracy",
            id="balanced_accuracy/1",
            family="performance",
            title="Balanced accuracy",
            meaning="The mean recall of the classes that occur among the labels, as `macro_recall`; guessing "
            "among k classes gives 1/k.",
            formula="mean of N_cc / Σ_d N_cd over the classes c with labels; N_cd: rows of label c and "
            "prediction d.",
            reference="`sklearn.metrics.balanced_accuracy_score(label, prediction)`, where all labels are of "
            "declared classes.",
            interval=_SCORE,
            unit="share",
            better="higher",
            tasks=TASKS,
            needs=LABELS,
            shown=frozenset({"summary"}),
            rank=3,
        ),
        _compute(_macro_recall),
        to_all,
    ),
    *(_metric(average, measure) for average, measure in _AVERAGES),
)

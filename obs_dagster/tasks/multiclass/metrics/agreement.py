"""How far predictions agree with labels beyond chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import effective_interval
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.multiclass.counts import ClassOutcomes
from obs_dagster.tasks.multiclass.metrics import influence
from obs_dagster.tasks.multiclass.metrics.applies import LABELS, TASKS, to_all


def kappa(cells: FloatArray) -> float:
    """Cohen's kappa of the shares of rows in each cell, which must not be all of one class."""
    chance = float(cells.sum(axis=1) @ cells.sum(axis=0))
    return (float(cells.trace()) - chance) / (1 - chance)


def mcc(cells: FloatArray) -> float:
    """Matthews' correlation coefficient of several classes (Gorodkin 2004); both must vary."""
    rows, columns = cells.sum(axis=1), cells.sum(axis=0)
    together = float(cells.trace()) - float(rows @ columns)
    return together / float(np.sqrt((1 - rows @ rows) * (1 - columns @ columns)))


def _compute(
    value: Callable[[FloatArray], float], moved: Callable[[FloatArray], FloatArray], *, both: bool
) -> Callable[[ClassOutcomes], Estimate]:
    """The estimate of a coefficient between -1 and 1.

    Args:
        value: the coefficient of the cells.
        moved: its influence.
        both: whether it is unknown already where one of labels and predictions has a single class.
    """

    def compute(outcomes: ClassOutcomes) -> Estimate:
        if outcomes.n == 0:
            return Estimate.missing("no labels")
        single = [np.count_nonzero(outcomes.labels) == 1, np.count_nonzero(outcomes.predicted) == 1]
        if any(single) if both else all(single):
            return Estimate.missing("one class only", outcomes.n)
        smooth = influence.shares(outcomes.confusion, smoothing=influence.SMOOTHING)
        variance = float(influence.covariance(smooth, moved(smooth), outcomes.n)[0, 0])
        # as a share, on which Wilson's interval is: from -1 … 1 to 0 … 1
        middle = (1 + value(smooth)) / 2
        rows = 4 * middle * (1 - middle) / variance if variance > 0 else outcomes.n
        exact = value(influence.shares(outcomes.confusion))
        low, high = effective_interval((1 + exact) / 2, rows)
        return Estimate(exact, min(exact, 2 * low - 1), max(exact, 2 * high - 1), outcomes.n)

    return compute


_INTERVAL = (
    "delta method on the multinomial confusion matrix, on the scale (1 + value) / 2 as Wilson's interval of "
    "as many "
    "rows as would be as sure"
)
METRICS = (
    Metric(
        Definition(
            name="cohen_kappa",
            id="cohen_kappa/unweighted/1",
            family="performance",
            title="Cohen's kappa",
            meaning="Accuracy beyond what independent guesses with the same shares would reach; 0 is "
            "chance, 1 "
            "is perfect.",
            formula="(a - e) / (1 - e); a: accuracy over all classes and `(other)`, e: Σ (labels of c / n) · "
            "(predictions of c / n).",
            reference="`sklearn.metrics.cohen_kappa_score(label, prediction)`; the variance is that of "
            "Fleiss, "
            "Cohen and Everitt, Psychological Bulletin 72 (1969), 323-327.",
            interval=_INTERVAL,
            better="higher",
            tasks=TASKS,
            needs=LABELS,
            noun="Cohen's kappa",
        ),
        _compute(kappa, influence.of_kappa, both=False),
        to_all,
    ),
    Metric(
        Definition(
            name="mcc",
            id="mcc/multiclass/1",
            family="performance",
            title="Matthews correlation coefficient",
            meaning="The correlation of predictions and labels over all classes; 0 is chance, 1 is perfect.",
            formula="(a - e) / √((1 - Σ (labels of c / n)²) (1 - Σ (predictions of c / n)²)), a and e as in "
            "`cohen_kappa`.",
            reference="`sklearn.metrics.matthews_corrcoef(label, prediction)`; Gorodkin, Computational "
            "Biology "
            "and Chemistry 28 (2004), 367-374. Where either has one class only there is no value, where "
            "scikit-learn has 0.",
            interval=_INTERVAL,
            better="higher",
            tasks=TASKS,
            needs=LABELS,
            noun="Matthews correlation",
        ),
        _compute(mcc, influence.of_mcc, both=True),
        to_all,
    ),
)

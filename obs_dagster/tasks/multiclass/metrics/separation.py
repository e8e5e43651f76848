"""How well the score of each class ranks its own rows above the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from obs_dagster.metrics.curves import ScoreCounts, average_precision, roc_auc, roc_auc_interval
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import Z, combined_interval, wilson
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.multiclass.counts import ClassOutcomes, OneClass
from obs_dagster.tasks.multiclass.metrics import influence
from obs_dagster.tasks.multiclass.metrics.applies import SCORES, TASKS, to_scored, to_scored_one

#: The area of one class on the bins, without the error of the bins in its interval.
Area = Callable[[ScoreCounts], Estimate]


def _roc(scores: ScoreCounts) -> Estimate:
    own, others = int(scores.positives.sum()), int(scores.negatives.sum())
    area, deviation = roc_auc(scores)
    # each pair within a bin counts one half, and may be worth nothing or all; of one score it is a tie
    within = float(scores.positives[scores.binned] @ scores.negatives[scores.binned])
    low, high = roc_auc_interval(area, deviation, own, others)
    return Estimate(area, low, high, own + others, within / (2 * own * others))


def _precision_recall(scores: ScoreCounts) -> Estimate:
    own = int(scores.positives.sum())
    value, error = average_precision(scores)
    low, high = wilson(value * own, own)
    return Estimate(value, low, high, own + int(scores.negatives.sum()), error)


def _widened(estimate: Estimate) -> Estimate:
    """An estimate of the exact statistic: the interval of that on bins, widened by their error."""
    low, high, error = estimate.low or 0.0, estimate.high or 0.0, estimate.error
    return replace(estimate, low=max(0.0, low - error), high=min(1.0, high + error))


def _one(area: Area) -> Callable[[OneClass], Estimate]:
    def compute(given: OneClass) -> Estimate:
        if given.outcomes.no_scores:
            return Estimate.missing(given.outcomes.no_scores)
        scores, n = given.scores, given.outcomes.top.n
        if scores is None or not scores.positives.sum():
            return Estimate.missing("no labels of the class", n)
        if not scores.negatives.sum():
            return Estimate.missing("one class only", n)
        return _widened(area(scores))

    return compute


def _average(area: Area, *, weighted: bool) -> Callable[[ClassOutcomes], Estimate]:
    def compute(outcomes: ClassOutcomes) -> Estimate:
        if outcomes.no_scores:
            return Estimate.missing(outcomes.no_scores)
        n = outcomes.top.n
        places = [
            place
            for place, name in enumerate(outcomes.classes)
            if name in outcomes.scores and 0 < outcomes.scores[name].positives.sum() < n
        ]
        if not places:
            return Estimate.missing("one class only", n)
        scores = [outcomes.scores[outcomes.classes[place]] for place in places]
        own = np.array([float(each.positives.sum()) for each in scores])
        weights = own / own.sum() if weighted else np.full(len(own), 1 / len(own))
        found = [area(each) for each in scores]
        values = np.array([each.value or 0.0 for each in found])
        ends = np.array([(each.low or 0.0, each.high or 0.0) for each in found])
        low, high = combined_interval(values, ends, weights, _correlation(outcomes, places))
        value = float(weights @ values)
        # that the weights are shares of labels, and so drawn with them
        drawn = Z * np.sqrt(weights @ (values - value) ** 2 / n) if weighted else 0.0
        low, high = value - float(np.hypot(value - low, drawn)), value + float(np.hypot(high - value, drawn))
        error = float(weights @ [each.error for each in found])
        return _widened(Estimate(value, max(0.0, low), min(1.0, high), n, error))

    return compute


def _correlation(outcomes: ClassOutcomes, places: list[int]) -> FloatArray:
    """How the areas of the classes go together, as those of the decisions do.

    Areas of several classes rise and fall together where a row that is low for its own class is high for
    another. Counts of single scores cannot tell by how much; the confusion matrix can: the area of a score
    that is 1 for the predicted class and 0 for all others follows from it, and so do the correlations of
    these. With two classes, of which either area is the other's, that is 1.
    """
    confusion = outcomes.confusion
    usable = [outcomes.labels[place] not in (0, outcomes.n) for place in places]
    result: FloatArray = np.eye(len(places))
    known = np.flatnonzero(usable)
    if outcomes.n and len(known):
        cells = influence.shares(confusion, smoothing=influence.SMOOTHING)
        moved = influence.of_separation(cells, np.array(places)[known])
        result[np.ix_(known, known)] = influence.correlation(influence.covariance(cells, moved, outcomes.n))
    return result


_CURVES: dict[str, tuple[Area, str, str, str]] = {
    "roc_auc": (
        _roc,
        "area under the ROC curve",
        "sklearn.metrics.roc_auc_score",
        (
            "DeLong's variance on the logit scale; where fewer than ten rows of the smaller side are "
            "misplaced, Newcombe's (2006) method 5"
        ),
    ),
    "pr_auc": (
        _precision_recall,
        "area under the precision-recall curve",
        "sklearn.metrics.average_precision_score",
        "Wilson, as a share of the class's labels (Boyd, Eng and Page, ECML 2013)",
    ),
}
_WATCHED = (
    DefaultRule(
        name="ranking_gone",
        below="80 % of baseline",
        window=7,
        for_nights=2,
        min_rows=200,
        severity="critical",
        full=False,
        summary="The scores hardly tell the classes apart, by the labels that are in. Is it a new version? "
        "Take it back.",
        why="As of two classes. It does not wait for all labels, nor for a week of a new version: which "
        "class is labelled first does not change the area under the curve.",
    ),
    DefaultRule(
        name="ranking_reversed",
        below=0.45,
        min_rows=200,
        severity="critical",
        full=False,
        summary="High scores of a class go to rows of others. Have the columns of the scores, or the names "
        "of the classes, changed places?",
        why="A model that knows nothing has 0.5; what is surely worse on one day has classes mixed up. In "
        "half a year of flights in three classes no day had less.",
    ),
)
_KINDS = {"macro": "each class counting the same", "weighted": "each counting by its labels"}
_WIDENED = "widened by the error at both ends"


def _defined(curve: str, average: str) -> Metric[ClassOutcomes]:
    area, what, function, _ = _CURVES[curve]
    leads = (curve, average) == ("roc_auc", "macro")
    short = curve.split("_", maxsplit=1)[0].upper()
    return Metric(
        Definition(
            name=f"{average}_{curve}",
            id=f"{average}_{curve}/one-vs-rest/1",
            family="performance",
            title=f"{average.capitalize()} {short} AUC",
            meaning=f"The mean {what} of each class's score against the rest, {_KINDS[average]}; over the "
            "classes that occur among the labels.",
            formula=f"mean of `class_{curve}`"
            + ("." if average == "macro" else ", weighted by the labels of each class."),
            reference=f'`{function}(label == class, score of the class)`, averaged as `average="{average}"` '
            "does, within the stated error.",
            interval="the classes' intervals combined by variance estimates recovered (Zou and Donner "
            "2008), with "
            f"the correlations that the confusion matrix gives for the decisions; {_WIDENED}",
            better="higher",
            tasks=TASKS,
            needs=SCORES,
            noun=f"{average} {short} AUC",
            shown=frozenset({"verdict", "trend", "summary"}) if leads else frozenset(),
            rank=4 if leads else 100,
            from_zero=False,
            watched=_WATCHED if leads else (),
        ),
        _average(area, weighted=average == "weighted"),
        to_scored,
    )


def _per_class(curve: str) -> Metric[OneClass]:
    area, what, function, interval = _CURVES[curve]
    short = curve.split("_", maxsplit=1)[0].upper()
    return Metric(
        Definition(
            name=f"class_{curve}",
            id=f"class_{curve}/one-vs-rest/1",
            family="performance",
            title=f"{short} AUC of a class",
            meaning=f"The {what} of the class's score, its rows against all others.",
            formula="as of a binary classifier whose positives are the class, on bins of the score about "
            "0.0008 "
            "wide, finer towards 0 and 1.",
            reference=f"`{function}(label == class, score of the class)`, within the stated error.",
            interval=f"{interval}; {_WIDENED}",
            better="higher",
            tasks=TASKS,
            needs=SCORES,
            about="class",
            cells="none",
            noun=f"{short} AUC",
            from_zero=False,
        ),
        _one(area),
        to_scored_one,
    )


METRICS: tuple[Metric[Any], ...] = (
    *(_defined(curve, average) for curve in _CURVES for average in _KINDS),
    *(_per_class(curve) for curve in _CURVES),
)

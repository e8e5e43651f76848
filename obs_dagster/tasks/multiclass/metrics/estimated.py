"""How right a model of several classes probably is before labels come, and how far the truth was off."""

from __future__ import annotations

from typing import Any

from obs_dagster.estimate.adapted import RECALIBRATED, REWEIGHTED
from obs_dagster.estimate.completed_classes import COMPLETED
from obs_dagster.estimate.expected_classes import STATISTICS
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.estimate import adapted, adapted_rows, by_name, completed, estimated, shifted
from obs_dagster.metrics.metric import Metric
from obs_dagster.tasks.costs import COST
from obs_dagster.tasks.multiclass.metrics import (
    accuracy,
    agreement,
    averages,
    cost,
    scoring_rules,
    separation,
)

_CALIBRATED = (
    ", with c_k(s_k) rows of class k in each row; c_k(s): the chance that a row whose score for class k is s "
    "has this class for a label, by isotonic regression over the baseline's labelled rows, in score bins."
)
_INTERVAL = (
    "of both errors: the calibration is that of resampled days of the baseline (of rows, where it has fewer "
    "than 10 labelled days), the labels of each class are drawn from it, with the level that days of the "
    "baseline have, and made to be one of a row. It also holds what is true if the mix of classes has moved "
    "while rows of each are what they were: shares of classes are then those that make the scores likeliest "
    "(Saerens, Latinne and Decaestecker, 2002), and of each as many are found as on the baseline"
)
_ALL: tuple[Metric[Any], ...] = (
    *accuracy.METRICS,
    *agreement.METRICS,
    *averages.METRICS,
    *scoring_rules.METRICS,
    *separation.METRICS,
)
_KNOWN = by_name(_ALL, STATISTICS)


def _concept(of: Definition) -> Metric[Any]:
    return Metric(
        Definition(
            name="concept_shift",
            id="concept_shift/tenths-of-classes/1",
            family="estimate",
            title="Concept shift",
            meaning="How far the shares of classes are from those that the same scores had on the baseline, "
            "on average over the labelled rows; 0 where scores mean what they meant.",
            formula="½ Σ_k Σ |rows of class k - Σ c_k(s_k)| / n over ten groups of equal labelled rows, "
            f"ordered by the score of class k{_CALIBRATED}",
            reference="a half of the expected calibration errors of c_k(s_k), added up: of two "
            "classes it is that of either.",
            interval="the value -/+ the 95 % quantile of what labels and calibration may differ by",
            unit="share",
            better="lower",
            tasks=of.tasks,
            needs=("labels",),
            cells="none",
            written="percent",
            shown=frozenset({"verdict", "summary"}),
            rank=50,
            watched=(
                DefaultRule(
                    name="concept_moved",
                    above=0.1,
                    window=7,
                    for_nights=2,
                    min_rows=200,
                    settled=True,
                    summary="Scores do not mean any more what they meant on the baseline: what is estimated "
                    "before labels is wrong by as much. Retrain, or calibrate the scores anew.",
                    why="Ten of a hundred rows have another label than their score said, beyond what few "
                    "rows and days explain.",
                ),
            ),
        ),
        lambda given: given.concept_shift(),
        lambda given: hasattr(given, "concept_shift"),
    )


METRICS = (
    *(
        estimated(
            each,
            way="cbpe-one-vs-rest",
            formula=f"as `{each.name}`{_CALIBRATED}",
            reference="NannyML's confidence-based performance estimation for several classes, which also "
            "scales the chances of a row to sum to 1; they differ by what these sums differ from 1.",
            interval=_INTERVAL,
        )
        for each in _KNOWN
    ),
    *(
        adapted(
            each,
            way="reweighted-one-vs-rest",
            formula=f"as `estimated_{each.name}`, with c'_k in place of c_k: {RECALIBRATED}",
            reference=REWEIGHTED,
            interval=f"{_INTERVAL}; a and b are those of resampled days, or rows",
        )
        for each in _KNOWN
    ),
    *(shifted(each, way="cbpe-one-vs-rest") for each in _KNOWN),
    *(
        completed(
            each,
            way="late-scores-one-vs-rest",
            formula=f"as `{each.name}`, with f_k c_k(s_k) rows of class k in each row without a label that "
            "is expected to get one; c_k(s): the chance that a row whose score for class k is s has this "
            "class, of rows whose label comes that late; f_k: how many times as many had it as c_k says, of "
            "those that it was predicted for, and of the others.",
        )
        for each in by_name((*_ALL, *cost.METRICS), (*COMPLETED, COST))
    ),
    adapted_rows(_KNOWN[0]),
    _concept(_KNOWN[0]),
)

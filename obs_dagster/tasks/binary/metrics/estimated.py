"""How right a classifier probably is before labels come, and how far the truth was from that."""

from __future__ import annotations

from typing import Any

from obs_dagster.estimate.adapted import RECALIBRATED, REWEIGHTED
from obs_dagster.estimate.concept import TOLERANCE
from obs_dagster.estimate.predicted import STATISTICS
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.estimate import adapted, adapted_rows, by_name, completed, estimated, shifted
from obs_dagster.metrics.metric import Metric
from obs_dagster.tasks.binary.metrics import classes, confusion, cost, ranking, scoring_rules

_FORMULA = {
    "recall": "Σ over positive decisions of c(s) / Σ c(s)",
    "precision": "Σ over positive decisions of c(s) / the positive decisions",
    "f1": "2 Σ over positive decisions of c(s) / (Σ c(s) + the positive decisions)",
    "accuracy": "(Σ over positive decisions of c(s) + Σ over negative ones of 1 - c(s)) / n",
    "positive_share": "Σ c(s) / n",
    "roc_auc": "Σ_b P_b (N_<b + N_b / 2) / (ΣP ΣN), with P = n c(s) and N = n (1 - c(s)) per score bin b",
    "pr_auc": "average precision with c(s) positives and 1 - c(s) negatives in each row",
    "log_loss": "-(1/n) Σ (c(s) ln s + (1 - c(s)) ln(1 - s))",
    "brier": "(1/n) Σ (c(s) (1 - s)² + (1 - c(s)) s²)",
}
_CALIBRATED = (
    "; c(s): the chance that a row of score s is positive, by isotonic regression of the label on the "
    "score over the baseline's labelled rows, in score bins."
)
_INTERVAL = (
    "of both errors: the calibration is that of resampled days of the baseline (of rows, where it has fewer "
    "than 10 labelled days), the labels are drawn from it, with the level that days of the baseline have; "
    "docs/coverage.md says how often it holds what the labels turn out to be"
)
_LOST = {
    "recall": DefaultRule(
        name="recall_expected_to_be_lost",
        below="75 % of baseline",
        window=7,
        for_nights=2,
        min_rows=200,
        summary="Before any label: by what scores meant on the baseline, more of the positives are missed "
        "than there. Look at what moved, and at the labels when they come.",
        why="As `recall_lost`, which speaks as soon as labels are complete; this one is estimated, and no "
        "more than a warning.",
    )
}


def _concept(of: Definition) -> Metric[Any]:
    return Metric(
        Definition(
            name="concept_shift",
            id="concept_shift/tenths/1",
            family="estimate",
            title="Concept shift",
            meaning="How far the shares of positives are from those that the same scores had on the "
            "baseline, on average over the labelled rows; 0 where scores mean what they meant.",
            formula="Σ |positives - Σ c(s)| / n over ten groups of equal labelled rows, ordered by score"
            f"{_CALIBRATED}",
            reference="the expected calibration error of c(s).",
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


def _evidence(of: Definition) -> Metric[Any]:
    return Metric(
        Definition(
            name="concept_evidence",
            id="concept_evidence/e-value/4",
            family="estimate",
            title="Evidence of the day that the concept has moved",
            meaning="How strongly the labels of the day speak against scores that mean what they meant, "
            "beside how days of the baseline differed: 2 is a hundred to one. Days add up. A rule `above: "
            "budget` adds them and keeps a budget of false alarms.",
            formula="log10 e, e the mean of κ p^(κ - 1) over κ = 1/4, 1/2, 3/4; p: twice the smaller one of "
            "those of Σ (y - c(s)) / n and of Σ (y - c(s)) x / n, x = logit c(s) less its mean, held against "
            "the days of the baseline as `drift_p_value` is, beyond a tolerance of "
            f"{TOLERANCE:g}{_CALIBRATED}",
            reference="Shin, Ramdas and Rinaldo, E-detectors (2022); Cox, Biometrika 45 (1958), 562-565, for "
            "level and slope of labels given chances; [evidence.md](evidence.md).",
            interval="none",
            better="lower",
            tasks=of.tasks,
            needs=("labels",),
            cells="none",
            daily=True,
            noun="evidence of another concept",
            from_zero=False,
            adds_up=True,
            watched=(
                DefaultRule(
                    name="concept_left_its_days",
                    above="budget",
                    settled=True,
                    summary="Labels are not what the scores said, by more than days differ anyway. Are "
                    "labels joined to the right predictions? If so, the concept has moved: retrain.",
                    why="One false alarm a year, or what `alerts` has as its `budget`. Where a half of the "
                    "labels have nothing to do with their score, some three nights of 1,000 rows tell.",
                ),
            ),
        ),
        lambda given: given.concept_evidence(),
        lambda given: hasattr(given, "concept_evidence"),
    )


_KNOWN = by_name((*confusion.METRICS, *classes.METRICS, *ranking.METRICS, *scoring_rules.METRICS), STATISTICS)

METRICS = (
    *(
        estimated(
            each,
            way="cbpe",
            formula=f"{_FORMULA[each.name]}{_CALIBRATED}",
            reference="NannyML's confidence-based performance estimation with the same calibration, row by "
            "row; arXiv 2401.08348.",
            interval=_INTERVAL,
            watched=(_LOST[each.name],) if each.name in _LOST else (),
        )
        for each in _KNOWN
    ),
    *(
        adapted(
            each,
            way="reweighted",
            formula=f"as `estimated_{each.name}`, with c'(s) in place of c(s): {RECALIBRATED}",
            reference=REWEIGHTED,
            interval=f"{_INTERVAL}; a and b are those of resampled days, or rows",
        )
        for each in _KNOWN
    ),
    *(shifted(each, way="cbpe") for each in _KNOWN),
    *(
        completed(
            each,
            way="late-scores",
            formula=f"as `{each.name}`, with c(s) positives in each row without a label that is expected to "
            "get one; c(s): the chance that a row of score s is positive whose label comes that late.",
        )
        for each in (*_KNOWN, *(metric.definition for metric in cost.METRICS))
    ),
    adapted_rows(_KNOWN[0]),
    _concept(_KNOWN[0]),
    _evidence(_KNOWN[0]),
)

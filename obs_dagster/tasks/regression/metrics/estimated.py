"""How far off a regressor probably is before labels come, and how far the truth was from that."""

from __future__ import annotations

from typing import Any

from obs_dagster.estimate.losses_by_features import LEAVES, TREES
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.estimate import adapted, adapted_rows, by_name, completed, estimated, shifted
from obs_dagster.metrics.metric import Metric
from obs_dagster.tasks.regression.estimates import STATISTICS
from obs_dagster.tasks.regression.metrics import cost, relative, size

_FORMULA = {
    "mae": "(1/n) Σ m(p), m: mean |p - y|",
    "rmse": "√((1/n) Σ m(p)), m: mean (p - y)²",
    "mse": "(1/n) Σ m(p), m: mean (p - y)²",
    "bias": "(1/n) Σ m(p), m: mean p - y",
    "mape": "Σ z(p) m(p) / Σ z(p), m: mean |p - y| / |y| of the rows whose y is not zero, z: their share",
    "smape": "(1/n) Σ m(p), m: mean 2 |p - y| / (|p| + |y|)",
}
_LEARNED = (
    " of the baseline's labelled rows of about the same prediction p: in up to 400 groups of equal rows, "
    "linear between the groups' mean predictions."
)
_REFERENCE = "direct loss estimation as NannyML has it, with the prediction as the one feature."
_INTERVAL = (
    "of both errors: mean losses are those of resampled days of the baseline (of rows, where it has fewer "
    "than 10 labelled days), the losses of the window's rows lie around them as a gamma distribution (for "
    "bias as a normal one), with the level that days of the baseline have"
)
_GROWS = {
    "mae": DefaultRule(
        name="error_expected_to_grow",
        above="125 % of baseline",
        window=7,
        for_nights=2,
        min_rows=200,
        summary="Before any label: predictions are where errors were larger on the baseline. Look at what "
        "moved, and at the labels when they come.",
        why="As `error_grew`, which speaks as soon as labels are complete; this one is estimated, and no "
        "more than a warning.",
    )
}


def _concept(of: Definition) -> Metric[Any]:
    return Metric(
        Definition(
            name="concept_shift",
            id="concept_shift/errors-of-tenths/1",
            family="estimate",
            title="Concept shift",
            meaning="How far the sizes of errors are from those that the same predictions had on the "
            "baseline, as a share of these; 0 where predictions miss as they did.",
            formula="Σ |Σ |p - y| - Σ m(p)| / Σ m(p) over ten groups of equal labelled rows, ordered by "
            f"prediction; m: mean |p - y|{_LEARNED}",
            reference="`numpy.abs(measured - expected).sum() / expected.sum()` over the groups.",
            interval="the value -/+ the 95 % quantile of what labels and mean losses may differ by",
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
                    above=0.25,
                    window=7,
                    for_nights=2,
                    min_rows=200,
                    settled=True,
                    summary="Predictions do not miss any more by what they missed on the baseline: what is "
                    "estimated before labels is wrong by as much. Retrain.",
                    why="Errors of like predictions differ by a quarter, beyond what few rows explain.",
                ),
            ),
        ),
        lambda given: given.concept_shift(),
        lambda given: hasattr(given, "concept_shift"),
    )


_KNOWN = by_name((*size.METRICS, *relative.METRICS), STATISTICS)

METRICS = (
    *(
        estimated(
            each,
            way="dle",
            formula=f"{_FORMULA[each.name]}{_LEARNED}",
            reference=_REFERENCE,
            interval=_INTERVAL,
            watched=(_GROWS[each.name],) if each.name in _GROWS else (),
        )
        for each in _KNOWN
    ),
    *(
        adapted(
            each,
            way="dle-trees",
            formula=f"as `estimated_{each.name}`, with the mean loss moved by what trees of all features and "
            "the prediction say of the window's rows beyond what the prediction says, less what they are off "
            "by on weighted rows of the baseline that they had not seen. "
            f"{TREES} trees of {LEAVES} leaves, on at most 5,000 rows. None where they know losses no better "
            "than predictions do.",
            reference="direct loss estimation as NannyML has it, by LightGBM on features and prediction; "
            "doubly robust: Robins, Rotnitzky and Zhao, JASA 89 (1994), 846-866.",
            interval=f"{_INTERVAL}; and how far off the move is",
        )
        for each in _KNOWN
    ),
    *(shifted(each, way="dle") for each in _KNOWN),
    *(
        completed(
            each,
            way="late-errors",
            formula=f"as `{each.name}`, with the mean loss of rows of about the "
            "same prediction whose label comes that late in each row that is expected to get one.",
        )
        for each in (*_KNOWN, *(metric.definition for metric in cost.METRICS))
    ),
    adapted_rows(_KNOWN[0]),
    _concept(_KNOWN[0]),
)

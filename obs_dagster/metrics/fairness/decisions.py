"""Whether groups are decided about alike: how often, how rightly, and what a decision is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.fairness.apart import difference, ratio
from obs_dagster.metrics.fairness.groups import FOUND, RIGHT, SELECTED, WRONGLY, Groups, Kind
from obs_dagster.metrics.metric import Metric

_DIFFERENCE = (
    "of two groups and one share Newcombe's, folded where it holds 0; else the value ± the 95 % quantile of "
    "what noise makes of it, which holds at least as often as it says"
)
_RATIO = (
    "of two groups and one share Donner's and Zou's, from Wilson's; else likewise on the scale of logarithms"
)
FOUR_FIFTHS = DefaultRule(
    name="four_fifths",
    below=0.8,
    window=28,
    min_rows=200,
    summary="A group has the favourable decision less than four fifths as often as another one. Look at `obs "
    "fairness`: do the groups differ in what they deserve too, or only in what they get?",
    why="The four-fifths rule of the Uniform Guidelines on Employee Selection Procedures (29 CFR 1607.4 D). "
    "It says where to look, and not that something is unlawful.",
)


def _metric(
    name: str,
    way: Callable[..., Any],
    kinds: tuple[Kind, ...],
    *,
    title: str,
    meaning: str,
    formula: str,
    reference: str,
    noun: str = "",
    watched: tuple[DefaultRule, ...] = (),
) -> Metric[Groups]:
    of_labels = kinds != (SELECTED,)
    better: Literal["higher", "lower"] = "higher" if way is ratio else "lower"
    return Metric(
        Definition(
            name=name,
            id=f"{name}/1",
            family="fairness",
            title=title,
            meaning=f"{meaning} Groups below `fairness.min_group` rows are left out, and named.",
            formula=formula,
            reference=reference,
            interval=_RATIO if way is ratio else _DIFFERENCE,
            better=better,
            tasks=("binary_classification",),
            needs=("fairness.attributes", *(["labels"] if of_labels else [])),
            about="column",
            cells="none",
            noun=noun,
            watched=watched,
        ),
        lambda groups: way(groups, *kinds),
    )


METRICS = (
    _metric(
        "demographic_parity_difference",
        difference,
        (SELECTED,),
        title="Demographic parity difference",
        meaning="How far the groups of an attribute lie apart in how often they get the favourable decision.",
        formula="greatest - least share of predictions with the favourable decision.",
        reference="`fairlearn.metrics.demographic_parity_difference`.",
    ),
    _metric(
        "demographic_parity_ratio",
        ratio,
        (SELECTED,),
        title="Demographic parity ratio",
        meaning="How often the group that gets the favourable decision least gets it, as a part of how often "
        "the one does that gets it most. Below 0.8 it breaks the four-fifths rule.",
        formula="least / greatest share of predictions with the favourable decision.",
        reference="`fairlearn.metrics.demographic_parity_ratio`.",
        watched=(FOUR_FIFTHS,),
    ),
    _metric(
        "equal_opportunity_difference",
        difference,
        (FOUND,),
        title="Equal opportunity difference",
        meaning="How far groups lie apart in how often those who deserve the favourable decision get it.",
        formula="greatest - least true positive rate.",
        reference="`fairlearn.metrics.equal_opportunity_difference`; Hardt, Price and Srebro, NeurIPS 2016.",
    ),
    _metric(
        "equal_opportunity_ratio",
        ratio,
        (FOUND,),
        title="Equal opportunity ratio",
        meaning="How often the deserving of the group that is served worst get the favourable decision, as a "
        "part of how often those of the group that is served best do.",
        formula="least / greatest true positive rate.",
        reference="`fairlearn.metrics.equal_opportunity_ratio`.",
    ),
    _metric(
        "equalized_odds_difference",
        difference,
        (FOUND, WRONGLY),
        title="Equalised odds difference",
        meaning="How far groups lie apart in how often the favourable decision is right or wrong: the "
        "greater of the differences among those who deserve it and among those who do not.",
        formula="max of (greatest - least true positive rate) and (greatest - least false positive rate).",
        reference="`fairlearn.metrics.equalized_odds_difference`.",
        noun="equalised odds difference",
    ),
    _metric(
        "equalized_odds_ratio",
        ratio,
        (FOUND, WRONGLY),
        title="Equalised odds ratio",
        meaning="The lesser of the ratios among those who deserve the favourable decision and among "
        "those who do not.",
        formula="min of (least / greatest true positive rate) and (least / greatest false positive rate).",
        reference="`fairlearn.metrics.equalized_odds_ratio`.",
        noun="equalised odds ratio",
    ),
    _metric(
        "predictive_parity_difference",
        difference,
        (RIGHT,),
        title="Predictive parity difference",
        meaning="How far groups lie apart in how often a favourable decision turns out right.",
        formula="greatest - least precision of the favourable decision.",
        reference="`fairlearn.metrics.MetricFrame(metrics=sklearn.metrics.precision_score, …).difference()`.",
    ),
)

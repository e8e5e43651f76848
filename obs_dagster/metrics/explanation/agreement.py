"""Whether another explainer says of a version what SHAP says."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from obs_dagster.metrics.bootstrap import REPLICATES
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.explanation.opinions import (
    LABELLED,
    TOP,
    Explainer,
    Opinions,
    estimated,
    pair_agreement,
    rank_correlation,
    top_overlap,
)
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray

Compare = Callable[[FloatArray, FloatArray], FloatArray]


def _by(explainer: Explainer) -> Callable[[object], bool]:
    return lambda given: isinstance(given, Opinions) and given.by == explainer


def _compared(compare: Compare, opinions: Opinions) -> Estimate:
    if why := opinions.why_not:
        return Estimate.missing(why)
    first, second = (each.mean(axis=0) for each in opinions.importances)
    value = float(compare(first, second))
    if math.isnan(value):
        return Estimate.missing("no feature matters more than another", opinions.rows)
    return estimated(value, compare(*opinions.resampled()), opinions.rows)


def _signs(opinions: Opinions) -> Estimate:
    if why := opinions.why_not:
        return Estimate.missing(why)
    shap, other = opinions.clear
    sizes, _ = opinions.importances
    same = np.where(np.sign(shap) == np.sign(other), sizes, 0.0).sum(axis=1)
    total, n = sizes.sum(axis=1), len(shap)
    if total.sum() == 0:
        return Estimate.missing("no feature moves the output", n)
    rng = np.random.default_rng(shap.shape)
    drawn = rng.multinomial(n, np.full(n, 1 / n), REPLICATES)
    with np.errstate(invalid="ignore"):
        again = drawn @ same / (drawn @ total)
    return estimated(float(same.sum() / total.sum()), again, n)


_AGAIN = "percentiles of 300 bootstraps of the rows"
_NEEDS = ("registry", "explanations.second_opinion")
_OTHERS: Mapping[Explainer, tuple[str, tuple[str, ...]]] = {
    "LIME": ("LIME", _NEEDS),
    "labels": ("permutation importance", ("labels", *_NEEDS)),
}
"""What each is called, and needs."""


def _alike(by: Explainer) -> dict[str, Any]:
    """What definitions of all that two explainers may agree in share."""
    return {
        "interval": _AGAIN,
        "better": "higher",
        "tasks": LABELLED if by == "labels" else (),
        "needs": _OTHERS[by][1],
        "cells": "none",
        "daily": True,
    }


def _ranks(name: str, by: Explainer) -> Definition:
    what, _ = _OTHERS[by]
    return Definition(
        name=name,
        id=f"{name}/spearman/1",
        family="explanation",
        title=f"Rank correlation of SHAP and {what}",
        meaning=f"Whether {what} puts the features into the order that SHAP puts them into: 1 if it does, 0 "
        "if the two orders have nothing to do with each other.",
        formula="Spearman's correlation over the features, of mean |SHAP value| and "
        + ("mean |LIME weight| of the same rows." if by == "LIME" else "`permutation_importance`."),
        reference="`scipy.stats.spearmanr(a, b).statistic`.",
        **_alike(by),
        noun=f"rank correlation of SHAP and {what}",
    )


def _pairs(name: str, by: Explainer) -> Definition:
    what, _ = _OTHERS[by]
    return Definition(
        name=name,
        id=f"{name}/tau-b/1",
        family="explanation",
        title=f"Pairs of features that SHAP and {what} put into the same order",
        meaning=f"Whether {what} says of two features that the same one matters more: 1 if of all pairs, -1 "
        "if of none, 0 if of half of them. Beside the rank correlation it counts a pair as one, however far "
        "apart its features are ranked, so a single feature that one of the two puts elsewhere weighs less.",
        formula="Kendall's τ_b over the features, of mean |SHAP value| and "
        + ("mean |LIME weight| of the same rows." if by == "LIME" else "`permutation_importance`."),
        reference="`scipy.stats.kendalltau(a, b).statistic`.",
        **_alike(by),
        noun=f"Kendall's tau of SHAP and {what}",
    )


def _overlap(name: str, by: Explainer) -> Definition:
    what, _ = _OTHERS[by]
    return Definition(
        name=name,
        id=f"{name}/{TOP}/1",
        family="explanation",
        title=f"Top features that SHAP and {what} share",
        meaning=f"The share of the {TOP} features that matter most by SHAP which are among the {TOP} that "
        f"matter most by {what}; of all, if the model has fewer.",
        formula=f"|top {TOP} by mean |SHAP value| ∩ top {TOP} by "
        + ("mean |LIME weight|| / " if by == "LIME" else "`permutation_importance`| / ")
        + str(TOP),
        reference="top-k feature agreement (Krishna et al., The Disagreement Problem in Explainable Machine "
        "Learning, 2022).",
        unit="share",
        **_alike(by),
        noun=f"overlap of the top features by SHAP and {what}",
        written="percent",
    )


METRICS = (
    Metric(_ranks("lime_rank_correlation", "LIME"), partial(_compared, rank_correlation), _by("LIME")),
    Metric(_pairs("lime_kendall_tau", "LIME"), partial(_compared, pair_agreement), _by("LIME")),
    Metric(_overlap("lime_top_overlap", "LIME"), partial(_compared, top_overlap), _by("LIME")),
    Metric(
        Definition(
            name="lime_sign_agreement",
            id="lime_sign_agreement/weighted/1",
            family="explanation",
            title="Attribution whose direction LIME confirms",
            meaning="The share of all that moves the output, by SHAP, that LIME says moves it the same way: "
            "1 if both agree about every row and feature, 0.5 if they might as well be guessing.",
            formula="Σ |φ| over the rows and features where the signs of φ and w are the same / Σ |φ|; φ: "
            "SHAP value, w: LIME's weight of the same row and feature.",
            reference="sign agreement (Krishna et al., The Disagreement Problem in Explainable Machine "
            "Learning, 2022), weighted by |φ| instead of cut off at the top features; LIME: Ribeiro, Singh "
            "and Guestrin, KDD 2016.",
            interval=_AGAIN,
            unit="share",
            better="higher",
            needs=_NEEDS,
            cells="none",
            daily=True,
            noun="attribution that LIME confirms",
            written="percent",
            watched=(
                DefaultRule(
                    name="explainers_disagree",
                    below=0.6,
                    min_rows=20,
                    for_nights=2,
                    summary="SHAP and LIME do not agree in which direction features move the output: do not "
                    "act on explanations of single predictions before you know which is right.",
                    why="Guessing has 0.5. Models whose features act alone have 0.9 and more; strong "
                    "interactions and features that go together pull it down without anything being wrong.",
                ),
            ),
        ),
        _signs,
        _by("LIME"),
    ),
    Metric(_ranks("label_rank_correlation", "labels"), partial(_compared, rank_correlation), _by("labels")),
    Metric(_pairs("label_kendall_tau", "labels"), partial(_compared, pair_agreement), _by("labels")),
    Metric(_overlap("label_top_overlap", "labels"), partial(_compared, top_overlap), _by("labels")),
)

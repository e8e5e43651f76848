"""What a reader must know before they trust the explanation of one prediction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from obs_dagster.explain.explain import RESIDUAL_TOLERANCE
from obs_dagster.explain.explainable import FloatArray
from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.scoring import SCORE_TOLERANCE
from obs_dagster.metrics.explanation.opinions import Opinions

if TYPE_CHECKING:
    from obs_dagster.explain.class_explanation import ClassExplainer, ClassExplanation
    from obs_dagster.explain.explain import Explainer
    from obs_dagster.monitor.explanations import SecondOpinion

_FAR = 0.95
_MATTERS = 0.1
"""The part of all that moves the output from which on it is told that LIME says otherwise of a feature."""


def of_score(logged: object, said: float) -> Iterator[str]:
    """Whether the registered model says what the log has."""
    if isinstance(logged, int | float) and abs(float(logged) - said) > SCORE_TOLERANCE * max(1.0, abs(said)):
        yield (
            f"The log has {logged:.4g}, the registered model says {said:.4g}: another model may have "
            "served, or the log rounds."
        )


def of_rows(*, unlike: float, has_baseline: bool) -> Iterator[str]:
    """Whether the model knows rows like this one."""
    if unlike >= _FAR:
        yield (
            f"The row is further from the next one than {unlike:.0%} of the "
            f"{'baseline' if has_baseline else 'day'}'s rows are from theirs: the model knows little like it."
        )
    if not has_baseline:
        yield "The version has no baseline of its own: it is compared with rows of the same day."


def of_method(explanation: Explanation) -> Iterator[str]:
    """Whether the SHAP values are right."""
    size = max(1.0, float(np.abs(explanation.shap_values).sum()), abs(explanation.base_value))
    if explanation.doubt:
        yield f"No method explains the model rightly here: these are of one that {explanation.doubt}."
    elif explanation.residual > RESIDUAL_TOLERANCE * size:
        yield (
            f"The SHAP values are off by {explanation.residual:.3g} {explanation.unit} from adding up to the "
            "output: take them for a rough answer."
        )


def of_lime(
    explainer: Explainer | ClassExplainer,
    found: Explanation | ClassExplanation,
    shap: FloatArray,
    features: tuple[str, ...],
    asked: SecondOpinion | None,
) -> Iterator[str]:
    """Whether LIME says of the features that matter what SHAP says, where the monitor asks it.

    Args:
        explainer: the version's.
        found: the explanation of the row.
        shap: its SHAP values, shape (f,).
        features: the f features.
        asked: what the monitor asks.
    """
    if asked is None or not asked.lime_rows:
        return
    from obs_dagster.explain.second_opinion import opinion_of_lime

    opinion: Opinions = opinion_of_lime(explainer, found, asked)
    if opinion.why_not:
        return
    total = float(np.abs(shap).sum()) or 1.0
    against = [
        name
        for name, ours, theirs in zip(features, shap, opinion.other[0], strict=True)
        if abs(ours) >= _MATTERS * total and ours * theirs < 0
    ]
    if against:
        yield (
            f"LIME says that {' and '.join(against)} moved the output the other way: do not act on "
            f"{'them' if len(against) > 1 else 'it'} alone."
        )

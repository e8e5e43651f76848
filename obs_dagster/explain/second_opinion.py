"""What LIME says of rows that SHAP has explained."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from obs_dagster.explain.class_explanation import ClassExplainer, ClassExplanation
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.explainable import FloatArray, Unit
from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.lime import lime_weights
from obs_dagster.explain.permutation import in_unit
from obs_dagster.explain.scoring import told
from obs_dagster.metrics.explanation.opinions import Opinions
from obs_dagster.monitor.explanations import SecondOpinion

if TYPE_CHECKING:
    import pandas as pd

_FEWEST_SAMPLES, _MOST_SAMPLES = 200, 5_000
"""Rows that are drawn around each row: fewer say nothing, and LIME itself draws so many."""


def opinion_of_lime(
    explainer: Explainer | ClassExplainer, found: Explanation | ClassExplanation, settings: SecondOpinion
) -> Opinions:
    """LIME's weights beside the SHAP values of the first rows of an explanation.

    Args:
        explainer: the version's.
        found: the explanation; of several classes, each row's chosen class is what LIME explains.
        settings: how many rows, and how many the model may be asked to score for them.
    """
    half = settings.scored_rows // 2
    rows = min(settings.lime_rows, half // _FEWEST_SAMPLES, len(found.data))
    if not rows:
        return Opinions("LIME", np.empty((0, 0)), np.empty((0, 0)))
    samples = min(_MOST_SAMPLES, half // rows)
    data = found.data.iloc[:rows]
    try:
        if isinstance(explainer, ClassExplainer) and isinstance(found, ClassExplanation):
            shap = found.of_chosen.shap_values[:rows]
            weights = _of_classes(explainer, found, data, samples)
        elif isinstance(explainer, Explainer) and isinstance(found, Explanation):
            shap = found.shap_values[:rows]
            output = partial(_output, explainer.model.predict, found.unit)
            weights = lime_weights(output, data, explainer.background, samples)
        else:
            why = "the explanation is of another kind of model"
            return Opinions("LIME", np.empty((0, 0)), np.empty((0, 0)), why)
    except Exception as error:  # noqa: BLE001 - a model may refuse rows that are mixed of others, each in its way
        return Opinions("LIME", np.empty((0, 0)), np.empty((0, 0)), f"LIME failed ({told(error)})")
    return Opinions("LIME", shap, weights)


def _output(predict: Callable[[pd.DataFrame], FloatArray], unit: Unit, rows: pd.DataFrame) -> FloatArray:
    """What SHAP explains too: LIME's own unit, probabilities, would weigh rows near 0.5 more."""
    return in_unit(predict(rows), unit)


def _of_classes(
    explainer: ClassExplainer, found: ClassExplanation, data: pd.DataFrame, samples: int
) -> FloatArray:
    chosen = found.found.output[: len(data)].argmax(axis=1)
    unit: Unit = "probability" if found.found.unit == "probability" else "log-odds"
    weights = np.empty(data.shape)
    for place in np.unique(chosen):

        def of_class(rows: pd.DataFrame, place: int = int(place)) -> FloatArray:
            return in_unit(explainer.model.predict(rows)[:, place], unit)

        mine = chosen == place
        weights[mine] = lime_weights(of_class, data[mine], explainer.background, samples)
    return weights

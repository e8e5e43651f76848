"""Boosters of LightGBM and XGBoost with an output per class, explained by their own TreeSHAP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.explainable import AttributeClasses, ClassAttribution, FloatArray, Interactions, Unit
from obs_dagster.explain.lightgbm_booster import LightGBMBooster, has_linear_leaves
from obs_dagster.explain.lightgbm_trees import interaction_values
from obs_dagster.explain.xgboost_booster import XGBoostBooster

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LightGBMClasses:
    """Adapts a `lightgbm.Booster` that was trained with `multiclass` or `multiclassova`.

    Attributes:
        one: reads rows as any booster does.
        classes: their names, where something but the booster knows them.
    """

    one: LightGBMBooster
    classes: tuple[str, ...] | None = None

    unit: Unit = "raw score"

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that the booster was trained on; None if they had no names."""
        return self.one.feature_names

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of each class, shape (n, k)."""
        return self.one.predict(rows)

    def class_attribution(self, background: pd.DataFrame) -> AttributeClasses | None:  # noqa: ARG002 - trees carry theirs
        """Path-dependent TreeSHAP of each class's trees; None where LightGBM has none."""
        return None if has_linear_leaves(self.one.booster) else self._attribute

    def class_interactions(self, background: pd.DataFrame) -> Interactions | None:  # noqa: ARG002 - as above
        """SHAP interaction values by the trees of each class; None where LightGBM has no SHAP values."""
        return None if has_linear_leaves(self.one.booster) else self._pairs

    def _pairs(self, rows: pd.DataFrame) -> FloatArray:
        booster, encoded, values = self.one.booster, self.one.encoded(rows), self._attribute(rows)
        by_class = [
            interaction_values(booster, encoded, values.contributions[:, :, place], self._scale, place)
            for place in range(values.output.shape[1])
        ]
        return np.stack(by_class, axis=3)

    @property
    def _scale(self) -> float:
        """Random forests have the sum of their trees, of which predictions take the mean."""
        booster = self.one.booster
        averaged = booster.num_trees() // booster.num_model_per_iteration()
        return 1 / averaged if booster.dump_model(num_iteration=1)["average_output"] else 1.0

    def _attribute(self, rows: pd.DataFrame) -> ClassAttribution:
        booster, encoded, scale = self.one.booster, self.one.encoded(rows), self._scale
        output = np.asarray(booster.predict(encoded, raw_score=True), dtype=np.float64)
        flat = np.asarray(booster.predict(encoded, pred_contrib=True), dtype=np.float64)
        return _of_flat(scale * flat, scale * output, "LightGBM pred_contrib (path-dependent TreeSHAP)")


@dataclass(frozen=True)
class XGBoostClasses:
    """Adapts an `xgboost.Booster` that was trained with `multi:softprob`.

    Attributes:
        one: reads rows as any booster does.
        classes: their names, where something but the booster knows them.
    """

    one: XGBoostBooster
    classes: tuple[str, ...] | None = None

    unit: Unit = "raw score"

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that the booster was trained on; None if they had no names."""
        return self.one.feature_names

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of each class, shape (n, k)."""
        return self.one.predict(rows)

    def class_attribution(self, background: pd.DataFrame) -> AttributeClasses | None:  # noqa: ARG002 - trees carry theirs
        """Path-dependent TreeSHAP of each class's trees; None for a booster that has no trees."""
        kind = json.loads(self.one.booster.save_config())["learner"]["gradient_booster"]["name"]
        return None if kind == "gblinear" else self._attribute

    def class_interactions(self, background: pd.DataFrame) -> Interactions | None:
        """XGBoost's own SHAP interaction values; None for a booster that has no trees."""
        return None if self.class_attribution(background) is None else self._pairs

    def _pairs(self, rows: pd.DataFrame) -> FloatArray:
        found = self.one.booster.predict(
            self.one.encoded(rows), pred_interactions=True, iteration_range=(0, self.one.trees)
        )
        # (n, k, f + 1, f + 1), the last ones being those of the base value
        return np.moveaxis(np.asarray(found, dtype=np.float64)[:, :, :-1, :-1], 1, 3)

    def _attribute(self, rows: pd.DataFrame) -> ClassAttribution:
        matrix, rounds = self.one.encoded(rows), (0, self.one.trees)
        booster = self.one.booster
        found = booster.predict(matrix, pred_contribs=True, iteration_range=rounds)
        values = np.moveaxis(np.asarray(found, dtype=np.float64), 1, 2)
        return ClassAttribution(
            contributions=values[:, :-1],
            base_value=values[0, -1],
            output=np.asarray(
                booster.predict(matrix, output_margin=True, iteration_range=rounds), dtype=np.float64
            ),
            unit="raw score",
            method="XGBoost pred_contribs (path-dependent TreeSHAP)",
        )


def _of_flat(flat: FloatArray, output: FloatArray, method: str) -> ClassAttribution:
    """The attribution of values in which the inputs and the base value of one class follow another's."""
    by_class = flat.reshape(len(flat), output.shape[1], -1).transpose(0, 2, 1)
    return ClassAttribution(
        contributions=by_class[:, :-1],
        base_value=by_class[0, -1],
        output=output,
        unit="raw score",
        method=method,
    )


def adapt_lightgbm(booster: Any, *, place: str, classes: tuple[str, ...] | None = None) -> LightGBMClasses:
    """The adapter of a booster with an output per class.

    Raises:
        ModelLoadError: it has another objective.
    """
    objective = str(booster.dump_model(num_iteration=1).get("objective", "none"))
    if objective.split(maxsplit=1)[0] not in ("multiclass", "multiclassova"):
        raise ModelLoadError(
            f"{place} is a LightGBM booster with the objective {objective!r}, which has no score per class.",
            remedy="Register a booster that was trained with objective=multiclass.",
        )
    return LightGBMClasses(LightGBMBooster(booster), classes)


def adapt_xgboost(
    booster: Any, *, place: str, trees: int = 0, classes: tuple[str, ...] | None = None
) -> XGBoostClasses:
    """The adapter of a booster with an output per class.

    Raises:
        ModelLoadError: it has another objective.
    """
    learner: Mapping[str, Any] = json.loads(booster.save_config())["learner"]
    objective = learner["objective"]["name"]
    if objective != "multi:softprob":
        raise ModelLoadError(
            f"{place} is an XGBoost booster with the objective {objective!r}, which has no score per class.",
            remedy="Register a booster that was trained with objective=multi:softprob.",
        )
    return XGBoostClasses(XGBoostBooster(booster, trees), classes)

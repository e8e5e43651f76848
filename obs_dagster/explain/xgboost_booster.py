"""XGBoost boosters, explained by XGBoost's own TreeSHAP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.encoding import encode
from obs_dagster.explain.explainable import Attribute, Attribution, FloatArray, Interactions, Puts, Unit
from obs_dagster.explain.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pandas as pd

#: Objectives whose prediction is no sum of leaves.
_WITH_A_LOGARITHM = (
    "count:poisson",
    "reg:gamma",
    "reg:tweedie",
    "reg:logistic",
    "survival:cox",
    "survival:aft",
)
_PROBABILITIES = ("binary:logistic", "reg:logistic")


@dataclass(frozen=True)
class XGBoostBooster:
    """Adapts an `xgboost.Booster` that puts out one probability or one number.

    Its categories are those of the training data, which XGBoost keeps with the trees from 3.1 on; a value
    that training did not have counts as missing.

    Attributes:
        booster: the `xgboost.Booster`.
        trees: how many boosting rounds count, for one that stopped early; 0 for all.
        unit: that of its margins, or of what it predicts.
    """

    booster: Any
    trees: int = 0
    unit: Unit = "log-odds"

    @cached_property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that the booster was trained on; None if they had no names."""
        names = self.booster.feature_names
        return None if names is None else tuple(names)

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of the positive class, or the number, shape (n,)."""
        found = self.booster.predict(self.encoded(rows), iteration_range=(0, self.trees))
        return np.asarray(found, dtype=np.float64)

    def attribution(self, background: pd.DataFrame) -> Attribute | None:  # noqa: ARG002 - trees carry theirs
        """Path-dependent TreeSHAP; None for a booster that has no trees.

        Its background is the cover of the trees, that is the training data.
        """
        native = tree_shap(self.booster, self.trees, self.unit)
        if native is None:
            return None
        return lambda rows: native(self.encoded(rows))

    def interactions(self, background: pd.DataFrame) -> Interactions | None:  # noqa: ARG002 - trees carry theirs
        """XGBoost's own SHAP interaction values; None for a booster that has no SHAP values."""
        native = tree_interactions(self.booster, self.trees, self.unit)
        return None if native is None else lambda rows: native(self.encoded(rows))

    @cached_property
    def _categories(self) -> Mapping[str, Vocabulary]:
        if "c" not in (self.booster.feature_types or ()):
            return {}
        stored = self.booster.get_categories(export_to_arrow=True).to_arrow()
        return {name: Vocabulary(values.to_pylist()) for name, values in stored if values is not None}

    def encoded(self, rows: pd.DataFrame) -> Any:
        """Rows as the booster reads them."""
        import xgboost

        return xgboost.DMatrix(
            encode(rows, self._categories),
            feature_names=self.booster.feature_names,
            feature_types=self.booster.feature_types,
            enable_categorical=True,
        )


def tree_shap(booster: Any, trees: int, unit: Unit = "log-odds") -> Callable[[Any], Attribution] | None:
    """XGBoost's own, multi-threaded TreeSHAP (Lundberg et al. 2020) of rows in a `DMatrix`, in float32.

    It is what `shap.TreeExplainer` without a background gives, which calls it too.

    Returns:
        None for a linear booster: its contributions are measured from 0, those of shap from a background; and
        for a regressor whose margins are in another unit than what it predicts.
    """
    kind = json.loads(booster.save_config())["learner"]["gradient_booster"]["name"]
    transformed = unit == "unit of the target" and _objective(booster) in _WITH_A_LOGARITHM
    return None if kind == "gblinear" or transformed else partial(_attribute, booster, trees, unit)


def tree_interactions(
    booster: Any, trees: int, unit: Unit = "log-odds"
) -> Callable[[Any], FloatArray] | None:
    """XGBoost's own SHAP interaction values of rows in a `DMatrix`, in float32; None where `tree_shap` is."""
    if tree_shap(booster, trees, unit) is None:
        return None

    def of_rows(matrix: Any) -> FloatArray:
        found = booster.predict(matrix, pred_interactions=True, iteration_range=(0, trees))
        return np.asarray(found, dtype=np.float64)[:, :-1, :-1]

    return of_rows


def _objective(booster: Any) -> str:
    return str(json.loads(booster.save_config())["learner"]["objective"]["name"])


def _attribute(booster: Any, trees: int, unit: Unit, matrix: Any) -> Attribution:
    rounds = (0, trees)
    found = np.asarray(booster.predict(matrix, pred_contribs=True, iteration_range=rounds), dtype=np.float64)
    raw = booster.predict(matrix, output_margin=True, iteration_range=rounds)
    return Attribution(
        contributions=found[:, :-1],
        base_value=float(found[0, -1]),
        output=np.asarray(raw, dtype=np.float64),
        unit=unit,
        method="XGBoost pred_contribs (path-dependent TreeSHAP)",
    )


def adapt_booster(booster: Any, *, place: str, trees: int = 0, puts: Puts = "score") -> XGBoostBooster:
    """The adapter of a booster.

    Args:
        booster: the `xgboost.Booster`.
        place: the version it came from, for the error.
        trees: how many boosting rounds count; 0 for all.
        puts: what it has to put out.

    Raises:
        ModelLoadError: it puts out something else.
    """
    objective = _objective(booster)
    if puts == "number":
        if objective.startswith(("binary:", "multi:")):
            raise ModelLoadError(
                f"{place} is an XGBoost booster with the objective {objective!r}, which predicts classes.",
                remedy="Register a booster that was trained with objective=reg:squarederror or another one "
                "of numbers.",
            )
        return XGBoostBooster(booster, trees, "unit of the target")
    if objective not in _PROBABILITIES:
        raise ModelLoadError(
            f"{place} is an XGBoost booster with the objective {objective!r}, not a binary one.",
            remedy="Register a booster that was trained with objective=binary:logistic.",
        )
    return XGBoostBooster(booster, trees)


def rounds_of(classifier: Any) -> int:
    """How many boosting rounds an `xgboost.XGBClassifier` predicts with; 0 for all."""
    best = classifier.get_booster().attributes().get("best_iteration")
    return 0 if best is None else int(best) + 1

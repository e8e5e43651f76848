"""LightGBM boosters, explained by LightGBM's own TreeSHAP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.encoding import encode
from obs_dagster.explain.explainable import Attribute, Attribution, FloatArray, Interactions, Puts, Unit
from obs_dagster.explain.lightgbm_categories import BoosterCategories
from obs_dagster.explain.lightgbm_trees import interaction_values

if TYPE_CHECKING:
    import pandas as pd

_BINARY = ("binary", "cross_entropy")
_OF_CLASSES = (*_BINARY, "cross_entropy_lambda", "multiclass", "multiclassova")


@dataclass(frozen=True)
class LightGBMBooster:
    """Adapts a `lightgbm.Booster` that puts out one probability or one number.

    Its categories are those of the training data, as pandas held them: LightGBM stores them with the trees,
    so raw values of the log are encoded as they were in training, whatever type the log has them in, and
    unseen ones count as missing.
    """

    booster: Any
    unit: Unit = "log-odds"

    @cached_property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that the booster was trained on; None if they had no names."""
        names = tuple(self.booster.feature_name())
        return None if names == tuple(f"Column_{position}" for position in range(len(names))) else names

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of the positive class, or the number, shape (n,)."""
        return np.asarray(self.booster.predict(self.encoded(rows)), dtype=np.float64)

    def attribution(self, background: pd.DataFrame) -> Attribute | None:  # noqa: ARG002 - trees carry theirs
        """Path-dependent TreeSHAP; None where LightGBM has none.

        Its background is the cover of the trees, that is the training data.
        """
        native = tree_shap(self.booster, self.unit)
        if native is None:
            return None
        return lambda rows: native(self.encoded(rows))

    def interactions(self, background: pd.DataFrame) -> Interactions | None:  # noqa: ARG002 - trees carry theirs
        """SHAP interaction values by its trees; None where LightGBM has no SHAP values."""
        native = tree_shap(self.booster, self.unit)
        if native is None:
            return None

        def of_rows(rows: pd.DataFrame) -> FloatArray:
            matrix = self.encoded(rows)
            return tree_interactions(self.booster, matrix, native(matrix).contributions, self.unit)

        return of_rows

    @cached_property
    def _categories(self) -> BoosterCategories:
        return BoosterCategories(self.booster)

    def encoded(self, rows: pd.DataFrame) -> FloatArray:
        """Rows as the booster reads them."""
        return encode(rows, self._categories.of(rows))


def tree_shap(booster: Any, unit: Unit = "log-odds") -> Callable[[Any], Attribution] | None:
    """LightGBM's own, multi-threaded TreeSHAP (Lundberg et al. 2020) of encoded rows.

    It is what `shap.TreeExplainer` without a background gives, which calls it too; only brought to log-odds,
    where raw scores are the sum over a random forest or have a slope of their own. Raw scores of regressors
    are in the unit of the target, but for objectives with a logarithm or a root between the two.

    Returns:
        None for trees with linear models in their leaves, of which neither can do it, and for a regressor
        whose raw scores are in another unit than what it predicts.
    """
    if has_linear_leaves(booster):
        return None
    model = booster.dump_model(num_iteration=1)
    averaged = booster.num_trees() if model["average_output"] else 1
    objective = str(model.get("objective", ""))
    if unit == "unit of the target":
        return None if _transforms(objective) else partial(_attribute, booster, 1 / averaged, unit)
    return partial(_attribute, booster, _sigmoid(objective) / averaged, unit)


def tree_interactions(booster: Any, matrix: FloatArray, values: FloatArray, unit: Unit) -> FloatArray:
    """SHAP interaction values of encoded rows, shape (n, f, f), in the unit of their SHAP values."""
    model = booster.dump_model(num_iteration=1)
    averaged = booster.num_trees() if model["average_output"] else 1
    sigmoid = 1.0 if unit == "unit of the target" else _sigmoid(str(model.get("objective", "")))
    return interaction_values(booster, matrix, values, sigmoid / averaged)


def _transforms(objective: str) -> bool:
    """Whether a regressor predicts something else than the sum of its leaves."""
    name, *options = objective.split() or [""]
    return name in ("poisson", "gamma", "tweedie") or "sqrt" in options


def _attribute(booster: Any, scale: float, unit: Unit, matrix: Any) -> Attribution:
    contributions = scale * np.asarray(booster.predict(matrix, pred_contrib=True), dtype=np.float64)
    return Attribution(
        contributions=contributions[:, :-1],
        base_value=float(contributions[0, -1]),
        output=scale * np.asarray(booster.predict(matrix, raw_score=True), dtype=np.float64),
        unit=unit,
        method="LightGBM pred_contrib (path-dependent TreeSHAP)",
    )


def has_linear_leaves(booster: Any) -> bool:
    """Whether the leaves of its trees are linear models."""
    trees = booster.dump_model(num_iteration=1)["tree_info"]
    return any("leaf_coeff" in leaf for tree in trees for leaf in _leaves(tree))


def _leaves(tree: Any) -> list[Any]:
    """The leaves of a dumped tree."""
    nodes, leaves = [tree["tree_structure"]], []
    while nodes:
        node = nodes.pop()
        children = [node[side] for side in ("left_child", "right_child") if side in node]
        nodes += children
        leaves += [] if children else [node]
    return leaves


def _sigmoid(objective: str) -> float:
    """The factor from raw scores to log-odds: 2 in the objective `binary sigmoid:2`."""
    options = dict(option.split(":", 1) for option in objective.split()[1:] if ":" in option)
    return float(options.get("sigmoid", 1))


def adapt_booster(booster: Any, *, place: str, puts: Puts = "score") -> LightGBMBooster:
    """The adapter of a booster.

    Args:
        booster: the `lightgbm.Booster`.
        place: the version it came from, for the error.
        puts: what it has to put out.

    Raises:
        ModelLoadError: it puts out something else.
    """
    objective = str(booster.dump_model(num_iteration=1).get("objective", "none"))
    name = objective.split(maxsplit=1)[0]
    if puts == "number":
        if name in _OF_CLASSES:
            raise ModelLoadError(
                f"{place} is a LightGBM booster with the objective {objective!r}, which predicts classes.",
                remedy="Register a booster that was trained with objective=regression or another one of "
                "numbers.",
            )
        return LightGBMBooster(booster, "unit of the target")
    if name not in _BINARY:
        raise ModelLoadError(
            f"{place} is a LightGBM booster with the objective {objective!r}, not a binary one.",
            remedy="Register a booster that was trained with objective=binary.",
        )
    return LightGBMBooster(booster)

"""LightGBM boosters, explained by LightGBM's own TreeSHAP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.encoding import encode
from obs_dagster.explain.explainable import Attribute, Attribution, FloatArray
from obs_dagster.explain.permutation import permutation_attribution

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LightGBMBooster:
    """Adapts a `lightgbm.Booster` with a binary objective.

    Its categories are those of the training data, as pandas held them: LightGBM stores them with the trees,
    so raw values of the log are encoded as they were in training, and unseen ones count as missing.
    """

    booster: Any

    @cached_property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that the booster was trained on; None if they had no names."""
        names = tuple(self.booster.feature_name())
        return None if names == tuple(f"Column_{position}" for position in range(len(names))) else names

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of the positive class, shape (n,)."""
        return np.asarray(self.booster.predict(self._encoded(rows)), dtype=np.float64)

    def attribution(self, background: pd.DataFrame, largest: int) -> Attribute:
        """Path-dependent TreeSHAP where it is exact, permutation where LightGBM has none.

        The background of path-dependent TreeSHAP is the cover of the trees, that is the training data;
        `background` is only read by permutation.
        """
        native = tree_shap(self.booster)
        if native is None:
            return permutation_attribution(self.predict, background, largest)
        return lambda rows: native(self._encoded(rows))

    @cached_property
    def _seen(self) -> dict[str, bool]:
        """Of each feature that varied in training, whether it is categorical."""
        infos = self.booster.dump_model(num_iteration=1)["feature_infos"]
        return {name: bool(info["values"]) for name, info in infos.items()}

    def _encoded(self, rows: pd.DataFrame) -> FloatArray:
        stored: Sequence[Sequence[Any]] = self.booster.pandas_categorical or []
        categorical = self._categorical(rows, len(stored))
        return encode(rows, dict(zip(categorical, stored, strict=True)))

    def _categorical(self, rows: pd.DataFrame, count: int) -> list[str]:
        """The categorical columns, in training's order.

        A feature that was constant in training is in no tree, and the booster does not say what it was: it
        is told by the type of its column, and only matters for the place of the others' categories.
        """
        import pandas as pd

        names = self.feature_names or ()
        varied = [name for name in names if self._seen.get(name, False)]
        if len(varied) == count:
            return varied
        return [name for name in names if self._seen.get(name, not pd.api.types.is_numeric_dtype(rows[name]))]


def tree_shap(booster: Any) -> Callable[[FloatArray], Attribution] | None:
    """LightGBM's own, multi-threaded TreeSHAP (Lundberg et al. 2020) of encoded rows.

    It is what `shap.TreeExplainer` without a background gives, which calls it too; only brought to log-odds,
    where raw scores are the sum over a random forest or have a slope of their own.

    Returns:
        None for trees with linear models in their leaves, of which neither can do it.
    """
    model = booster.dump_model(num_iteration=1)
    if any("leaf_coeff" in leaf for tree in model["tree_info"] for leaf in _leaves(tree)):
        return None
    averaged = booster.num_trees() if model["average_output"] else 1
    return partial(_attribute, booster, _sigmoid(model.get("objective", "")) / averaged)


def _attribute(booster: Any, scale: float, matrix: FloatArray) -> Attribution:
    contributions = scale * np.asarray(booster.predict(matrix, pred_contrib=True), dtype=np.float64)
    return Attribution(
        contributions=contributions[:, :-1],
        base_value=float(contributions[0, -1]),
        output=scale * np.asarray(booster.predict(matrix, raw_score=True), dtype=np.float64),
        unit="log-odds",
        method="LightGBM pred_contrib (path-dependent TreeSHAP)",
    )


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


def adapt_booster(booster: Any, *, place: str) -> LightGBMBooster:
    """The adapter of a booster.

    Args:
        booster: the `lightgbm.Booster`.
        place: the version it came from, for the error.

    Raises:
        ModelLoadError: its objective is not binary, so its output is no probability of one class.
    """
    objective = str(booster.dump_model(num_iteration=1).get("objective", "none"))
    if objective.split(maxsplit=1)[0] not in ("binary", "cross_entropy"):
        raise ModelLoadError(
            f"{place} is a LightGBM booster with the objective {objective!r}, not a binary one.",
            remedy="Register a booster that was trained with objective=binary.",
        )
    return LightGBMBooster(booster)

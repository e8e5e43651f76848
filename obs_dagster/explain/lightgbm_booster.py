"""LightGBM boosters, explained by LightGBM's own TreeSHAP."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.explainable import Attribution, FloatArray

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
    def feature_names(self) -> tuple[str, ...]:
        """The columns that the booster was trained on."""
        return tuple(self.booster.feature_name())

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of the positive class, shape (n,)."""
        return np.asarray(self.booster.predict(self._encoded(rows)), dtype=np.float64)

    def attribute(self, rows: pd.DataFrame, background: pd.DataFrame) -> Attribution:
        """Path-dependent TreeSHAP (Lundberg et al. 2020), as `shap.TreeExplainer` gives it.

        The background is the cover of the trees, that is the training data; `background` is not read.
        """
        del background
        encoded = self._encoded(rows)
        contributions = np.asarray(self.booster.predict(encoded, pred_contrib=True), dtype=np.float64)
        return Attribution(
            contributions=contributions[:, :-1],
            base_value=float(contributions[0, -1]),
            output=np.asarray(self.booster.predict(encoded, raw_score=True), dtype=np.float64),
            unit="log-odds",
            method="LightGBM pred_contrib (path-dependent TreeSHAP)",
        )

    @cached_property
    def _seen(self) -> dict[str, bool]:
        """Of each feature that varied in training, whether it is categorical."""
        infos = self.booster.dump_model(num_iteration=1)["feature_infos"]
        return {name: bool(info["values"]) for name, info in infos.items()}

    def _encoded(self, rows: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        categories = self.booster.pandas_categorical or []
        if not categories:
            return pd.DataFrame({name: pd.to_numeric(rows[name]) for name in rows.columns}, index=rows.index)
        encoded = {}
        for name in rows.columns:
            column = rows[name]
            # A feature that was constant in training is in no tree: its type only keeps the count right.
            categorical = self._seen.get(name, not pd.api.types.is_numeric_dtype(column))
            encoded[name] = column.astype("category") if categorical else pd.to_numeric(column)
        return pd.DataFrame(encoded, index=rows.index)


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

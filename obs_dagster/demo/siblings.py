"""Two more models of the same flights: by how many minutes one is late, and how late it is in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from obs_dagster.demo.flights import CLASSES, DELAY, DELAY_CLASS, FEATURES
from obs_dagster.demo.log_rows import LEAD_TIME
from obs_dagster.demo.models import FloatArray, Recipe
from obs_dagster.demo.registration import Target

if TYPE_CHECKING:
    import pandas as pd

#: Same data, same trees, on any number of cores.
_REPEATABLE: dict[str, float | int | str | bool] = {
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class Sibling:
    """A model of one version.

    Attributes:
        target: what it predicts, under which name.
        recipe: how it came to be.
        kind: whether it puts out minutes, or a probability of each class.
    """

    target: Target
    recipe: Recipe
    kind: Literal["minutes", "classes"]

    @property
    def model(self) -> str:
        """The model's name."""
        return self.target.model

    def training_rows(self, flights: pd.DataFrame) -> pd.DataFrame:
        """The flights that it learned from: those of its months that have landed."""
        chosen = flights["date"].dt.month.le(self.recipe.last_month) & flights[self.target.label].notna()
        rows: pd.DataFrame = flights.loc[chosen].reset_index(drop=True)
        return rows

    def truth(self, rows: pd.DataFrame) -> pd.Series[Any]:
        """What it learns, as numbers."""
        truth = rows[self.target.label]
        learned: pd.Series[Any] = truth.map(CLASSES.index) if self.kind == "classes" else truth
        return learned

    def log_rows(self, flights: pd.DataFrame, put_out: FloatArray) -> pd.DataFrame:
        """Flights with what the model put out of each, as log rows: id, time (UTC), version, and so on.

        Args:
            flights: n flights.
            put_out: minutes, shape (n,), or probabilities, shape (n, classes).
        """
        rows = flights[["flight_id", *FEATURES]].copy()
        rows.insert(1, "predicted_at", flights["departs"] - LEAD_TIME)
        rows.insert(2, "model_version", self.recipe.version)
        for name, column in zip(self.target.outputs, np.atleast_2d(put_out.T), strict=True):
            rows[name] = column
        return rows

    def quality(self, training: pd.DataFrame, put_out: FloatArray) -> dict[str, float]:
        """Out-of-fold quality on the training rows."""
        from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, r2_score

        truth = self.truth(training)
        if self.kind == "minutes":
            return {
                "oof_mae": float(mean_absolute_error(truth, put_out)),
                "oof_r2": float(r2_score(truth, put_out)),
            }
        return {
            "oof_accuracy": float(accuracy_score(truth, put_out.argmax(axis=1))),
            "oof_log_loss": float(log_loss(truth, put_out, labels=range(len(CLASSES)))),
        }


def _lightgbm(**params: float | str | bool) -> Recipe:
    return Recipe("1", "LightGBM", last_month=5, params={**params, **_REPEATABLE})


SIBLINGS = (
    Sibling(
        Target("arrival_delay", DELAY, "float", ("minutes",)),
        _lightgbm(objective="regression", learning_rate=0.1, min_data_in_leaf=200, num_iterations=80),
        "minutes",
    ),
    Sibling(
        Target("delay_class", DELAY_CLASS, "str", ("p_on_time", "p_late", "p_very_late")),
        _lightgbm(
            objective="multiclass",
            num_class=len(CLASSES),
            learning_rate=0.15,
            num_leaves=15,
            min_data_in_leaf=200,
            num_iterations=40,
        ),
        "classes",
    ),
)

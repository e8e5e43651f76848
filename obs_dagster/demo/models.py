"""The two versions of the demo's model: what each was trained on, and how."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from obs_dagster.demo.flights import CATEGORICAL, DELAY, DELAY_CLASS, FEATURES, LABEL, NUMERIC

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]

THRESHOLD = 0.3
"""Score from which a flight is announced as late."""

_FOLDS = 4


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a version came to be.

    Attributes:
        version: the version it gets in the registry.
        algorithm: the kind of model.
        last_month: it was trained on January up to this month of 2013.
        params: what the algorithm was given.
    """

    version: str
    algorithm: Literal["logistic regression", "LightGBM"]
    last_month: int
    params: dict[str, float | int | str | bool] = field(default_factory=dict)

    def training_rows(self, flights: pd.DataFrame) -> pd.DataFrame:
        """The flights that the version learned from: those of its months that have a label."""
        chosen = flights["date"].dt.month.le(self.last_month) & flights[LABEL].notna()
        rows: pd.DataFrame = flights.loc[chosen].reset_index(drop=True)
        return rows

    def fingerprint(self, training: pd.DataFrame) -> str:
        """Identifies the version's training: its rows, its recipe. Equal fingerprints, equal models."""
        import pandas as pd

        digest = hashlib.sha256(json.dumps([self.algorithm, self.params, FEATURES], sort_keys=True).encode())
        learned = training.drop(columns=[DELAY, DELAY_CLASS], errors="ignore")
        digest.update(pd.util.hash_pandas_object(learned, index=False).to_numpy().tobytes())
        return digest.hexdigest()[:16]


RECIPES = (
    Recipe("1", "logistic regression", last_month=3, params={"C": 1.0, "max_iter": 500, "min_frequency": 50}),
    Recipe(
        "2",
        "LightGBM",
        last_month=5,
        params={
            "objective": "binary",
            "learning_rate": 0.08,
            "num_leaves": 31,
            "min_data_in_leaf": 200,
            "feature_fraction": 0.8,
            "num_iterations": 150,
            # Same data, same trees, on any number of cores.
            "deterministic": True,
            "force_row_wise": True,
            "seed": 1,
            "verbosity": -1,
        },
    ),
)


def fit(recipe: Recipe, training: pd.DataFrame, truth: pd.Series[Any] | None = None) -> Any:
    """Train a model: a scikit-learn pipeline or a LightGBM booster.

    Args:
        recipe: how it comes to be.
        training: the rows that it learns from.
        truth: what it learns to predict, as numbers; left out: whether flights are late.

    The booster keeps the categories of its training data (`pandas_categorical`), in the file too, so that a
    loaded one encodes raw log values as they were encoded here.
    """
    features = training[list(FEATURES)]
    learned = training[LABEL].astype(int) if truth is None else truth
    if recipe.algorithm == "LightGBM":
        import lightgbm

        data = lightgbm.Dataset(features.astype(dict.fromkeys(CATEGORICAL, "category")), learned)
        return lightgbm.train(dict(recipe.params), data)
    return _pipeline(recipe).fit(features, learned)


def _pipeline(recipe: Recipe) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    categories = OneHotEncoder(handle_unknown="ignore", min_frequency=recipe.params["min_frequency"])
    columns = [("numbers", numbers, list(NUMERIC)), ("categories", categories, list(CATEGORICAL))]
    classifier = LogisticRegression(C=recipe.params["C"], max_iter=recipe.params["max_iter"])
    return Pipeline([("columns", ColumnTransformer(columns)), ("classifier", classifier)])


def score(recipe: Recipe, model: Any, rows: pd.DataFrame) -> FloatArray:
    """What a model puts out: the probability that each flight is late, shape (n,).

    Boosters with another objective give minutes, shape (n,), or a probability of each class, shape (n, k).
    """
    features = rows[list(FEATURES)]
    if recipe.algorithm == "LightGBM":
        encoded = features.astype(dict.fromkeys(CATEGORICAL, "category"))
        return np.asarray(model.predict(encoded), dtype=np.float64)
    return np.asarray(model.predict_proba(features)[:, 1], dtype=np.float64)


def out_of_fold_scores(
    recipe: Recipe, training: pd.DataFrame, truth: pd.Series[Any] | None = None, *, folds: int = _FOLDS
) -> FloatArray:
    """Scores of the training rows by models that saw no flight of the same week, as `score` gives them.

    Scores of the final model on its own training rows would be too good, and flights of the same days are
    alike in their weather; hence whole weeks are held out.
    """
    from sklearn.model_selection import GroupKFold

    week = training["date"].dt.isocalendar().week
    parts: dict[int, FloatArray] = {}
    splits = list(GroupKFold(folds).split(training, groups=week))
    for place, (rest, held_out) in enumerate(splits):
        model = fit(recipe, training.iloc[rest], None if truth is None else truth.iloc[rest])
        parts[place] = score(recipe, model, training.iloc[held_out])
    scores = np.empty((len(training), *parts[0].shape[1:]))
    for place, (_, held_out) in enumerate(splits):
        scores[held_out] = parts[place]
    return scores

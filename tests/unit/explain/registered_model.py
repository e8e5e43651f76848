"""A model as a team registers it, for the tests that hold what every adapter keeps to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.unit.explain.conftest import FEATURES, NUMERIC, make_labels, make_rows

CLASSES = ("early", "late", "on time")
NATIVE = {"pip_requirements": ["scikit-learn"]}


@dataclass(frozen=True)
class Registered:
    """How a model is trained and logged.

    Attributes:
        puts: what it puts out.
        log: trains it on rows and labels, and logs it to MLflow under a name; returns what MLflow says of it.
        features: the columns that it reads.
        trust: what the monitor has to trust.
        exact: whether it has a method of its own that is right.
        pairs: whether its SHAP values can be divided among pairs.
        prepare: what its features are made of before they are logged.
    """

    puts: str
    log: Callable[[Any, Any, str], Any]
    features: tuple[str, ...] = tuple(FEATURES)
    trust: str = "native"
    exact: bool = True
    pairs: bool = False
    prepare: Callable[[Any], Any] = lambda rows: rows


def training():
    return make_rows(600, seed=11)


def truth(rows, puts):
    """Labels of what a model puts out."""
    if puts == "classes":
        late = make_labels(rows, seed=3)
        return np.where(rows["hour"] < 9, "early", np.where(late == 1, "late", "on time"))
    if puts == "number":
        return (rows["hour"] * 2 + (rows["carrier"] == "UA") * 5 + rows["temp"].fillna(50) / 10).to_numpy()
    return make_labels(rows, seed=3)


def numeric(rows):
    """Rows of numbers alone, without gaps: what many libraries take."""
    return rows[NUMERIC].fillna(50.0).astype(float)

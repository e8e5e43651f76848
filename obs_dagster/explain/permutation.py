"""SHAP values of any model, from its scores alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.explain.explainable import (
    Attribute,
    AttributeClasses,
    Attribution,
    ClassAttribution,
    FloatArray,
    Unit,
)

if TYPE_CHECKING:
    import pandas as pd

MAX_SCORED_ROWS = 400_000
"""How many rows the model may be asked to score for one explanation."""

_BACKGROUND = (5, 100)
_CLIP = 1e-9


def log_odds(probability: FloatArray) -> FloatArray:
    """`ln(p / (1 - p))`, with p held within 1e-9 of 0 and 1 so that it stays finite."""
    clipped = np.clip(probability, _CLIP, 1 - _CLIP)
    odds: FloatArray = np.log(clipped) - np.log1p(-clipped)
    return odds


def in_unit(scores: FloatArray, unit: Unit) -> FloatArray:
    """What the model puts out in the unit that is explained."""
    return log_odds(scores) if unit == "log-odds" else scores


def permutation_attribution(
    predict: Callable[[pd.DataFrame], FloatArray],
    background: pd.DataFrame,
    largest: int,
    unit: Unit = "log-odds",
) -> Attribute:
    """SHAP values by one antithetic permutation per row (`shap.PermutationExplainer`).

    Exact up to second-order interactions. The model scores rows x (2 f + 1) x background rows; the
    background is thinned evenly so that this stays within `MAX_SCORED_ROWS`, but never below 5 rows.

    Args:
        predict: what the model puts out for raw rows.
        background: rows that stand for "nothing is known".
        largest: how many rows will be explained in all at most.
        unit: in what it is explained.
    """
    return partial(_attribute, predict, _thinned(background, largest), unit)


def permutation_of_classes(
    predict: Callable[[pd.DataFrame], FloatArray], background: pd.DataFrame, largest: int, unit: Unit
) -> AttributeClasses:
    """As `permutation_attribution`, of every class at once; `predict` gives a probability of each."""
    return partial(_attribute_classes, predict, _thinned(background, largest), unit)


def _thinned(background: pd.DataFrame, largest: int) -> pd.DataFrame:
    """As many background rows as the model can score that often, evenly picked."""
    fewest, most = _BACKGROUND
    affordable = MAX_SCORED_ROWS // (largest * (2 * background.shape[1] + 1))
    size = int(np.clip(affordable, fewest, min(most, max(fewest, len(background)))))
    return background.iloc[np.unique(np.linspace(0, len(background) - 1, size).astype(int))]


def _attribute(
    predict: Callable[[pd.DataFrame], FloatArray], background: pd.DataFrame, unit: Unit, rows: pd.DataFrame
) -> Attribution:
    values, base = _permuted(predict, background, unit, rows)
    return Attribution(
        contributions=values,
        base_value=float(np.ravel(base)[0]),
        output=in_unit(predict(rows), unit),
        unit=unit,
        method=_method(background),
    )


def _attribute_classes(
    predict: Callable[[pd.DataFrame], FloatArray], background: pd.DataFrame, unit: Unit, rows: pd.DataFrame
) -> ClassAttribution:
    values, base = _permuted(predict, background, unit, rows)
    return ClassAttribution(
        contributions=values,
        base_value=base.reshape(-1, values.shape[2])[0],
        output=in_unit(predict(rows), unit),
        unit=unit,
        method=_method(background),
    )


def _permuted(
    predict: Callable[[pd.DataFrame], FloatArray], background: pd.DataFrame, unit: Unit, rows: pd.DataFrame
) -> tuple[FloatArray, FloatArray]:
    """SHAP values, and the output from which they count."""
    import shap

    codes = _Codes(rows, background)

    def output(matrix: FloatArray) -> FloatArray:
        return in_unit(predict(codes.decode(matrix)), unit)

    reference = codes.encode(background)
    explainer = shap.PermutationExplainer(
        output, shap.maskers.Independent(reference, max_samples=len(reference)), seed=0
    )
    found = explainer(codes.encode(rows), max_evals=2 * rows.shape[1] + 1, silent=True)
    return np.asarray(found.values, dtype=np.float64), np.asarray(found.base_values, dtype=np.float64)


def _method(background: pd.DataFrame) -> str:
    return f"shap.PermutationExplainer ({len(background)} background rows)"


class _Codes:
    """Rows as numbers and back: shap permutes numeric matrices, the model reads raw values."""

    def __init__(self, rows: pd.DataFrame, background: pd.DataFrame) -> None:
        import pandas as pd

        both = pd.concat([rows, background], ignore_index=True)
        self._names = list(both.columns)
        self._dtypes = both.dtypes
        self._values: dict[str, Any] = {
            name: both[name].drop_duplicates().to_list()
            for name in both.columns
            if not pd.api.types.is_numeric_dtype(both[name])
        }
        self._positions: dict[str, dict[Any, int]] = {}
        for name, values in self._values.items():
            self._positions[name] = {_key(value): code for code, value in enumerate(values)}

    def encode(self, rows: pd.DataFrame) -> FloatArray:
        columns = [
            [self._positions[name][_key(value)] for value in rows[name]]
            if name in self._positions
            else rows[name].to_numpy(dtype=np.float64)
            for name in rows.columns
        ]
        return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])

    def decode(self, matrix: FloatArray) -> pd.DataFrame:
        import pandas as pd

        columns = {}
        for index, name in enumerate(self._names):
            column, dtype = matrix[:, index], self._dtypes[name]
            if name in self._values:
                values = pd.Series(self._values[name], dtype=dtype)
                columns[name] = values.iloc[column.astype(int)].to_numpy()
            else:
                columns[name] = column.astype(dtype)
        return pd.DataFrame(columns).astype(self._dtypes)


def _key(value: Any) -> Any:
    """Missing values are one value, though NaN does not equal NaN."""
    return None if value is None or value != value else value  # noqa: PLR0124

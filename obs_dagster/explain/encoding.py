"""Raw log rows as the matrix of numbers that a native tree library computes with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ObsError
from obs_dagster.explain.explainable import FloatArray
from obs_dagster.explain.forms import number_of
from obs_dagster.explain.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pandas as pd


class EncodingError(ObsError):
    """A row holds text where the model was trained on numbers."""


def encode(rows: pd.DataFrame, categories: Mapping[str, Vocabulary]) -> FloatArray:
    """The rows as numbers, shape (n, f): missing values are NaN, categories are their positions.

    Args:
        rows: raw values, shape (n, f).
        categories: the vocabulary of each categorical column. Any other value counts as missing.

    Raises:
        EncodingError: a column without categories holds something that is no number.
    """
    matrix = np.empty(rows.shape)
    for position, name in enumerate(rows.columns):
        if name in categories:
            codes = categories[name].positions(rows[name])
            matrix[:, position] = np.where(codes < 0, np.nan, codes)
        else:
            matrix[:, position] = numbers(rows[name])
    return matrix


def numbers(column: pd.Series[Any]) -> FloatArray:
    """A column's numbers, shape (n,), NaN where there is none; numbers and booleans may be texts.

    Raises:
        EncodingError: the column holds something that is no number.
    """
    import pandas as pd

    try:
        if pd.api.types.is_numeric_dtype(column):
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        codes, distinct = pd.factorize(column.astype(object))
        known = np.array([*map(_number, distinct), np.nan], dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise EncodingError(
            f"The model reads {column.name} as a number, and the rows hold something else ({error}).",
            remedy="Log the column as it was in training, or register the version that reads it as text.",
        ) from error
    found: FloatArray = known[codes]
    return found


def _number(value: Any) -> float:
    if not isinstance(value, str):
        return float(value)
    number = number_of(value)
    if number is None:
        raise ValueError(f"{value!r} is no number")
    return float(number)

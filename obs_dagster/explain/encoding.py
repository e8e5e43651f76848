"""Raw log rows as the matrix of numbers that a native tree library computes with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ObsError
from obs_dagster.explain.explainable import FloatArray

if TYPE_CHECKING:
    import pandas as pd


class EncodingError(ObsError):
    """A row holds text where the model was trained on numbers."""


def encode(rows: pd.DataFrame, categories: Mapping[str, Sequence[Any]]) -> FloatArray:
    """The rows as numbers, shape (n, f): missing values are NaN, categories are their positions.

    Args:
        rows: raw values, shape (n, f).
        categories: of each categorical column, the values that it had in training, in training's order.
            Any other value counts as missing.

    Raises:
        EncodingError: a column without categories holds something that is no number.
    """
    import pandas as pd

    matrix = np.empty(rows.shape)
    for position, name in enumerate(rows.columns):
        column = rows[name]
        if name in categories:
            codes = pd.Index(categories[name]).get_indexer(column)
            matrix[:, position] = np.where(codes < 0, np.nan, codes)
        else:
            matrix[:, position] = _numbers(column)
    return matrix


def _numbers(column: pd.Series[Any]) -> FloatArray:
    import pandas as pd

    try:
        return pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise EncodingError(
            f"The model reads {column.name} as a number, and the rows hold something else ({error}).",
            remedy="Log the column as it was in training, or register the version that reads it as text.",
        ) from error

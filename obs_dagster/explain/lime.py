"""LIME: a weighted linear model of what a model says of rows around one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from obs_dagster.explain.explainable import FloatArray

if TYPE_CHECKING:
    import pandas as pd

_KERNEL = 0.75
_PENALTY = 1.0
_QUARTILES = (25, 50, 75)
_BLOCK = 20_000
"""Rows that a model is given at once."""

Output = Callable[["pd.DataFrame"], FloatArray]
"""What a model puts out for rows, shape (n,)."""


@dataclass(frozen=True, slots=True)
class _Groups:
    """Which values of a feature count as the same: the quarter of a number, a value of anything else.

    Attributes:
        edges: the quartiles of a number; None for anything else.
    """

    edges: FloatArray | None

    @classmethod
    def of(cls, column: pd.Series[Any]) -> _Groups:
        import pandas as pd

        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            return cls(None)
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        known = values[np.isfinite(values)]
        return cls(np.unique(np.percentile(known, _QUARTILES)) if known.size else np.empty(0))

    def codes(self, column: pd.Series[Any]) -> NDArray[np.int64]:
        """The group of each value, shape (n,); missing ones are a group of their own, -1."""
        import pandas as pd

        if self.edges is None:
            return pd.factorize(column.astype(object))[0].astype(np.int64)
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        found = np.searchsorted(self.edges, values)
        return np.where(np.isnan(values), -1, found).astype(np.int64)


def lime_weights(output: Output, rows: pd.DataFrame, background: pd.DataFrame, samples: int) -> FloatArray:
    """What moves the output of each row, by LIME.

    Around each row, rows are drawn whose values are those of rows of the background, each feature by itself;
    which features still have the row's own value (of a number: its quarter) is what a ridge regression
    explains the output by, the nearer rows weighing more. All rows are explained by the same draws, so
    neither their order nor which others there are makes a difference.

    Source: Ribeiro, Singh and Guestrin, "Why should I trust you?", KDD 2016, as `lime.lime_tabular` does it
    with its defaults: quartiles, kernel width 0.75 √features, ridge of penalty 1. In the place of a normal
    distribution cut off at the edges of a quarter, values are drawn that the background has in it.

    Args:
        output: what the model puts out, in the unit that is explained.
        rows: the rows, with exactly the model's inputs, shape (n, f).
        background: rows of the baseline with the same columns.
        samples: rows that are drawn around each row, itself among them.

    Returns:
        The weight of each feature for each row, shape (n, f).
    """
    import pandas as pd

    rng = np.random.default_rng(0)
    n, f = rows.shape
    taken = n + rng.integers(0, len(background), (samples, f))
    both = pd.concat([rows, background], ignore_index=True)
    codes = np.column_stack([_Groups.of(background[name]).codes(both[name]) for name in both.columns])
    weights = np.empty((n, f))
    together = max(1, _BLOCK // samples)
    for start in range(0, n, together):
        block = range(start, min(start + together, n))
        places = np.concatenate([_around(taken, place) for place in block])
        said = np.asarray(output(_picked(both, places))).reshape(len(block), samples)
        for at, place in enumerate(block):
            same = codes[_around(taken, place), np.arange(f)] == codes[place]
            weights[place] = local_weights(same.astype(np.float64), said[at])
    return weights


def _around(taken: NDArray[np.int64], place: int) -> NDArray[np.int64]:
    """Where the values of the rows around one row are from; the first of them is the row itself."""
    return np.concatenate([np.full((1, taken.shape[1]), place), taken[1:]])


def _picked(both: pd.DataFrame, places: NDArray[np.int64]) -> pd.DataFrame:
    """Rows whose values are those at the places, in the types of the frame."""
    import pandas as pd

    columns = {
        name: both[name].take(places[:, at]).reset_index(drop=True) for at, name in enumerate(both.columns)
    }
    return pd.DataFrame(columns)


def local_weights(same: FloatArray, output: FloatArray) -> FloatArray:
    """The weights of one row's features.

    `lime.lime_base.LimeBase(kernel).explain_instance_with_data` gives the same, with all features.

    Args:
        same: 1 where a row that was drawn has the row's own group of a feature, else 0; shape (samples, f),
            the first one all 1.
        output: what the model said of them, shape (samples,).
    """
    f = same.shape[1]
    squared = ((same - 1) ** 2).sum(axis=1)
    weight = np.exp(-squared / (2 * _KERNEL**2 * f))
    total = weight.sum()
    centred = same - weight @ same / total
    residual = output - weight @ output / total
    gram = (centred * weight[:, np.newaxis]).T @ centred + _PENALTY * np.eye(f)
    found: FloatArray = np.linalg.solve(gram, centred.T @ (weight * residual))
    return found

"""How many of the rows to explain are unlike those that a version knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from obs_dagster.explain.explainable import FloatArray
from obs_dagster.explain.neighbours import Neighbourhood
from obs_dagster.metrics.explanation.unlike import Unlike

if TYPE_CHECKING:
    import pandas as pd

_ROWS, _KNOWN = 200, 300
"""Rows that are looked at, and rows of the baseline that they are compared with, at most."""
_FEWEST = 20
_FAR = 0.95


def unlike(rows: pd.DataFrame, background: pd.DataFrame) -> Unlike:
    """How many of the first rows are further from the background than 95 % of its rows from each other.

    Args:
        rows: rows with exactly the model's inputs, in the order in which they were drawn.
        background: rows of the baseline, likewise.
    """
    known = background.iloc[:_KNOWN]
    if len(known) < _FEWEST:
        return Unlike(0, 0, "too few rows of the baseline")
    around = Neighbourhood.of(known)
    own = pairwise(around, known)
    np.fill_diagonal(own, np.inf)
    limit = float(np.quantile(own.min(axis=1), _FAR))
    looked = rows.iloc[:_ROWS]
    # what lies as far as the limit, up to rounding, does not lie beyond it
    far = pairwise(around, looked).min(axis=1) > limit + 1e-12
    return Unlike(len(looked), int(far.sum()))


def pairwise(around: Neighbourhood, rows: pd.DataFrame) -> FloatArray:
    """What `Neighbourhood.distances` says of each row, shape (rows, rows of the baseline)."""
    import pandas as pd

    total = np.zeros((len(rows), len(around.rows)))
    for name in around.rows.columns:
        there, here = around.rows[name], rows[name]
        numeric = name in around.ranges and pd.api.types.is_numeric_dtype(here)
        if numeric:
            values, known = (each.to_numpy(dtype=np.float64, na_value=np.nan) for each in (here, there))
            with np.errstate(invalid="ignore", over="ignore"):
                apart = np.abs(values[:, np.newaxis] - known) / around.ranges[name]
            apart = np.minimum(np.nan_to_num(apart, nan=1.0, posinf=1.0), 1.0)
        else:
            codes, _ = pd.factorize(pd.concat([here, there], ignore_index=True).astype(str))
            apart = (codes[: len(here), np.newaxis] != codes[len(here) :]).astype(np.float64)
        missing, lacks = here.isna().to_numpy(), there.isna().to_numpy()
        apart = np.where(missing[:, np.newaxis] | lacks, 1.0, apart)
        total += np.where(missing[:, np.newaxis] & lacks, 0.0, apart)
    found: FloatArray = total / max(len(around.rows.columns), 1)
    return found

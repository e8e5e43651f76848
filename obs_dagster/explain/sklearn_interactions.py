"""SHAP interaction values of scikit-learn's trees, and of what a pipeline made of raw features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from obs_dagster.explain.column_origins import IntArray
from obs_dagster.explain.explainable import FloatArray


def tree_interactions(estimator: Any, *, scale: float) -> Callable[[FloatArray], FloatArray]:
    """Those of `shap.TreeExplainer`, of prepared rows, shape (n, columns, columns).

    Args:
        estimator: a tree, a forest or gradient boosting with one output, without categories of its own.
        scale: what its sum is multiplied with.
    """
    import shap

    explainer = shap.TreeExplainer(estimator)

    def of_rows(matrix: FloatArray) -> FloatArray:
        found = np.asarray(explainer.shap_interaction_values(matrix), dtype=np.float64)
        # (n, f, f, classes) or (n, f, f): which of the two differs by model
        return scale * (found[..., -1] if found.ndim == 4 else found)  # noqa: PLR2004

    return of_rows


def summed_pairs(values: FloatArray, origins: IntArray, inputs: int) -> FloatArray:
    """Add up the columns of each pair of origins: shape (n, columns, columns) to (n, inputs, inputs)."""
    origin = np.zeros((inputs, len(origins)))
    origin[origins, np.arange(len(origins))] = 1.0
    found: FloatArray = np.einsum("ia,nab,jb->nij", origin, values, origin, optimize=True)
    return found

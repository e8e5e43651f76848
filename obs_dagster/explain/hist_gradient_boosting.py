"""Scikit-learn's histogram gradient boosting with categories of its own, which shap does not read."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obs_dagster.explain.explainable import Attribution, FloatArray, Unit
from obs_dagster.explain.tree_shap import Tree, completed

_WORD = 32


def has_categories(estimator: Any) -> bool:
    """Whether it was fitted with categorical features."""
    return getattr(estimator, "is_categorical_", None) is not None


class CategoricalBoosting:
    """TreeSHAP of fitted histogram gradient boosting with categorical features.

    shap reads its splits on categories as if they were splits on numbers. It keeps its trees in private
    attributes; what these give is held against its own output for every explanation.

    Args:
        estimator: the classifier, of two classes, or the regressor.
        margin: the sum of its trees for rows in the form that it takes; left out, its decision function.
        unit: that of the sum.
    """

    def __init__(
        self, estimator: Any, margin: Callable[[Any], FloatArray] | None = None, unit: Unit = "log-odds"
    ) -> None:
        self._estimator, self._unit = estimator, unit
        self._margin = margin or estimator.decision_function
        self._predictors = [predictor for (predictor,) in estimator._predictors]  # noqa: SLF001 - see above
        self._trees = [_tree(predictor.nodes) for predictor in self._predictors]
        self._known, self._known_row = estimator._bin_mapper.make_known_categories_bitsets()  # noqa: SLF001 - see above

    def __call__(self, rows: Any) -> Attribution:
        """The SHAP values of rows in the form that the classifier takes."""
        matrix = self._matrix(rows)
        ordered = np.zeros(matrix.shape)
        for predictor, tree in zip(self._predictors, self._trees, strict=True):
            ordered += tree.contributions(self._goes_left(predictor, matrix), matrix.shape[1])
        contributions = np.empty_like(ordered)
        contributions[:, self._order] = ordered
        return Attribution(
            contributions=contributions,
            base_value=self._base_value,
            output=np.asarray(self._margin(rows), dtype=np.float64),
            unit=self._unit,
            method="TreeSHAP with splits on categories (path-dependent)",
        )

    def interactions(self, rows: Any) -> FloatArray:
        """The SHAP interaction values of such rows, shape (n, f, f)."""
        matrix = self._matrix(rows)
        ordered = np.zeros((len(matrix), matrix.shape[1], matrix.shape[1]))
        for predictor, tree in zip(self._predictors, self._trees, strict=True):
            ordered += tree.interactions(self._goes_left(predictor, matrix), matrix.shape[1])
        pairs = np.empty_like(ordered)
        pairs[:, self._order[:, np.newaxis], self._order] = ordered
        return completed(pairs, self(rows).contributions)

    def _matrix(self, rows: Any) -> FloatArray:
        """The rows as its trees read them: categories come first."""
        prepared = self._estimator._preprocess_X(rows, reset=False)  # noqa: SLF001 - see above
        return np.asarray(prepared, dtype=np.float64)

    @cached_property
    def _base_value(self) -> float:
        baseline = float(np.ravel(self._estimator._baseline_prediction)[0])  # noqa: SLF001 - see above
        return baseline + sum(tree.expected() for tree in self._trees)

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        """The input that each column of the preprocessed matrix is: categories come first there."""
        categorical = self._estimator.is_categorical_
        return np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~categorical)])

    def _goes_left(self, predictor: Any, matrix: FloatArray) -> NDArray[np.bool_]:
        """Which way each row goes at each node, as scikit-learn's `_predict_one_from_raw_data` has it."""
        nodes = predictor.nodes
        found = np.zeros((len(matrix), len(nodes)), dtype=bool)
        for number, node in enumerate(nodes):
            if node["is_leaf"]:
                continue
            values = matrix[:, node["feature_idx"]]
            missing = np.isnan(values)
            if node["is_categorical"]:
                left = _in_bitset(values, predictor.raw_left_cat_bitsets[node["bitset_idx"]])
                known = _in_bitset(values, self._known[self._known_row[node["feature_idx"]]])
                missing |= ~left & ~known
            else:
                left = values <= node["num_threshold"]
            found[:, number] = np.where(missing, bool(node["missing_go_to_left"]), left)
        return found


def _in_bitset(values: FloatArray, bitset: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether a bitset has each value; what is no code of a category is in none."""
    valid = (values >= 0) & (values < _WORD * len(bitset))
    codes = np.where(valid, values, 0).astype(np.int64)
    found: NDArray[np.bool_] = valid & (
        (bitset[codes // _WORD] >> (codes % _WORD).astype(np.uint32)) & 1 == 1
    )
    return found


def _tree(nodes: NDArray[Any]) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        feature=nodes["feature_idx"].astype(np.int64),
        value=nodes["value"].astype(np.float64),
        cover=nodes["count"].astype(np.float64),
    )

"""LightGBM's trees, and which way encoded rows go in them, for what it has no values of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obs_dagster.explain.explainable import FloatArray
from obs_dagster.explain.tree_shap import Tree, completed

_ZERO = 1e-35
"""What LightGBM takes for 0."""


@dataclass(frozen=True, slots=True)
class LightGBMTree:
    """A tree with its splits.

    Attributes:
        tree: the tree.
        splits: of each node, as LightGBM dumps it; empty for a leaf.
    """

    tree: Tree
    splits: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, dumped: Mapping[str, Any]) -> LightGBMTree:
        """A tree of `Booster.dump_model()["tree_info"]`."""
        nodes: list[Mapping[str, Any]] = [dumped["tree_structure"]]
        left: list[int] = []
        right: list[int] = []
        at = 0
        while at < len(nodes):
            node = nodes[at]
            if "left_child" in node:
                left.append(len(nodes))
                right.append(len(nodes) + 1)
                nodes += [node["left_child"], node["right_child"]]
            else:
                left.append(-1)
                right.append(-1)
            at += 1
        inner = [child >= 0 for child in left]
        tree = Tree(
            left=np.array(left, dtype=np.int64),
            right=np.array(right, dtype=np.int64),
            feature=np.array([node.get("split_feature", -1) for node in nodes], dtype=np.int64),
            value=np.array([node.get("leaf_value", 0.0) for node in nodes], dtype=np.float64),
            cover=np.array(
                [node.get("internal_count", node.get("leaf_count", 1)) for node in nodes], dtype=np.float64
            ),
        )
        return cls(tree, tuple(node if split else {} for node, split in zip(nodes, inner, strict=True)))

    def goes_left(self, matrix: FloatArray) -> NDArray[np.bool_]:
        """Which way each row goes at each node, as LightGBM's `Tree::Decision` has it."""
        found = np.zeros((len(matrix), len(self.splits)), dtype=bool)
        for at, split in enumerate(self.splits):
            if split:
                found[:, at] = _goes_left(split, matrix[:, split["split_feature"]])
        return found


def _goes_left(split: Mapping[str, Any], values: FloatArray) -> NDArray[np.bool_]:
    if split["decision_type"] == "==":
        codes = np.where(np.isfinite(values), values, -1.0)
        # a code between two is cut off to the lower one
        named = np.array([int(each) for each in str(split["threshold"]).split("||")])
        return (codes >= 0) & np.isin(np.trunc(codes), named)
    missing_type = split["missing_type"]
    known = values if missing_type == "NaN" else np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=-np.inf)
    if missing_type == "None":
        missing = np.zeros(len(values), dtype=bool)
    else:
        missing = np.isnan(known) if missing_type == "NaN" else np.abs(known) <= _ZERO
    with np.errstate(invalid="ignore"):
        below = known <= split["threshold"]
    return np.where(missing, bool(split["default_left"]), below).astype(bool)


def interaction_values(
    booster: Any, matrix: FloatArray, values: FloatArray, scale: float = 1.0, output: int = 0
) -> FloatArray:
    """SHAP interaction values of encoded rows, shape (n, f, f).

    Args:
        booster: a booster.
        matrix: the rows as it reads them, shape (n, f).
        values: their SHAP values, shape (n, f).
        scale: what raw scores are multiplied with.
        output: which of its outputs is meant, if it has one for each class: these have trees in turn.
    """
    pairs = np.zeros((*values.shape, values.shape[1]))
    for dumped in booster.dump_model()["tree_info"][output :: booster.num_model_per_iteration()]:
        each = LightGBMTree.of(dumped)
        pairs += each.tree.interactions(each.goes_left(matrix), values.shape[1])
    return completed(scale * pairs, values)

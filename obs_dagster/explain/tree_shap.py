"""Path-dependent TreeSHAP for trees of any kind of split, from which way each row goes at each node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_dagster.explain.explainable import FloatArray

_LEAF = -1


@dataclass(frozen=True, slots=True)
class Tree:
    """A regression tree; arrays have one entry per node, and node 0 is the root.

    Attributes:
        left, right: the children; -1 for a leaf.
        feature: the feature that a node splits on.
        value: of a leaf.
        cover: training rows, or their weight, that came to a node.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    value: FloatArray
    cover: FloatArray

    def expected(self) -> float:
        """The tree's mean over its training rows."""
        leaves = self.left == _LEAF
        return float(self.value[leaves] @ self.cover[leaves] / self.cover[0])

    def contributions(self, goes_left: NDArray[np.bool_], features: int) -> FloatArray:
        """SHAP values of rows, shape (n, features).

        They are the Shapley values of the game of Lundberg et al., "From local explanations to global
        understanding with explainable AI for trees" (2020), algorithm 1: where a feature is not known, a row
        goes both ways, in the proportion of the covers. Of a leaf with the features 1 … m on its path that is

            v(S) = value · Π_{j in S} o_j · Π_{j not in S} z_j

        with o_j = 1 if the row takes the path at all nodes of feature j, else 0, and z_j the product of the
        covers' ratios there. Its Shapley values are those of Owen's multilinear extension (Management Science
        18, 1972): value · (o_i - z_i) · ∫ Π_{j≠i} ((1 - t) z_j + t o_j) dt over 0 to 1, which Gauss-Legendre
        quadrature integrates exactly, since it is a polynomial.

        Args:
            goes_left: whether each row goes left at each node, shape (n, nodes).
            features: how many features there are.
        """
        found = np.zeros((len(goes_left), features))
        for leaf, names, taken, ratio in self._leaves(goes_left):
            found[:, names] += self.value[leaf] * _shares(taken, ratio)
        return found

    def interactions(self, goes_left: NDArray[np.bool_], features: int) -> FloatArray:
        """SHAP interaction values of rows, shape (n, features, features); 0 on the diagonal.

        Half of Shapley's interaction index of each pair (Grabisch and Roubens, 1999), in the same game as
        `contributions`: of a leaf value · (o_i - z_i) (o_j - z_j) · ∫ Π_{k≠i,j} ((1 - t) z_k + t o_k) dt, the
        second derivative of the multilinear extension along its diagonal.

        Args:
            goes_left: whether each row goes left at each node, shape (n, nodes).
            features: how many features there are.
        """
        found = np.zeros((len(goes_left), features, features))
        for leaf, names, taken, ratio in self._leaves(goes_left):
            if len(names) > 1:
                found[:, names[:, np.newaxis], names] += self.value[leaf] * _pairs(taken, ratio)
        return found

    def _leaves(
        self, goes_left: NDArray[np.bool_]
    ) -> Iterator[tuple[int, NDArray[np.int64], FloatArray, FloatArray]]:
        """Each leaf with the features on its path, o of each row and feature, and z of each feature."""
        for leaf, path in self._paths():
            names = sorted({int(self.feature[node]) for node, _ in path})
            taken = np.ones((len(goes_left), len(names)))
            ratio = np.ones(len(names))
            for node, to_left in path:
                column = names.index(int(self.feature[node]))
                child = self.left[node] if to_left else self.right[node]
                ratio[column] *= self.cover[child] / self.cover[node]
                taken[:, column] *= goes_left[:, node] == to_left
            yield leaf, np.array(names, dtype=np.int64), taken, ratio

    def _paths(self) -> Iterator[tuple[int, list[tuple[int, bool]]]]:
        """Each leaf with the nodes above it, and whether the way to the leaf goes left there."""
        waiting: list[tuple[int, list[tuple[int, bool]]]] = [(0, [])]
        while waiting:
            node, path = waiting.pop()
            if self.left[node] == _LEAF:
                yield node, path
                continue
            waiting.append((int(self.left[node]), [*path, (node, True)]))
            waiting.append((int(self.right[node]), [*path, (node, False)]))


def _shares(taken: FloatArray, ratio: FloatArray) -> FloatArray:
    """The Shapley values of a leaf of value 1, shape (n, m)."""
    _, m = taken.shape
    if m == 0:
        return np.zeros_like(taken)
    points, weights = np.polynomial.legendre.leggauss(m // 2 + 1)
    total = np.zeros_like(taken)
    for t, weight in zip((points + 1) / 2, weights / 2, strict=True):
        known = (1 - t) * ratio + t * taken
        # no factor is 0: every node of a tree has had rows, and t is within 0 and 1
        total += weight * known.prod(axis=1, keepdims=True) / known
    shares: FloatArray = (taken - ratio) * total
    return shares


def _pairs(taken: FloatArray, ratio: FloatArray) -> FloatArray:
    """Half of the interaction indices of a leaf of value 1, shape (n, m, m); 0 on the diagonal."""
    n, m = taken.shape
    points, weights = np.polynomial.legendre.leggauss(max(1, m // 2))
    total = np.zeros((n, m, m))
    for t, weight in zip((points + 1) / 2, weights / 2, strict=True):
        known = (1 - t) * ratio + t * taken
        apart = (taken - ratio) / known
        together = apart[:, :, np.newaxis] * apart[:, np.newaxis]
        total += weight * known.prod(axis=1)[:, np.newaxis, np.newaxis] * together
    total[:, np.arange(m), np.arange(m)] = 0.0
    halves: FloatArray = total / 2
    return halves


def completed(pairs: FloatArray, values: FloatArray) -> FloatArray:
    """Interaction values with what each feature adds alone, such that rows add up to their SHAP values.

    Args:
        pairs: those of pairs, shape (n, f, f), 0 on the diagonal.
        values: the SHAP values, shape (n, f).
    """
    found = pairs.copy()
    places = np.arange(values.shape[1])
    found[:, places, places] = values - pairs.sum(axis=2)
    return found

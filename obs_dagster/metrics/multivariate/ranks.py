"""Ranks of several columns, and how they go together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from obs_dagster.profile.distribution import FloatArray

_REPLICATES = 200


def ranked(values: FloatArray) -> FloatArray:
    """Mean ranks of each column, standardised, shape (n, k); what is missing is 0, the mean."""
    from scipy.stats import rankdata

    found = np.zeros(values.shape)
    for place in range(values.shape[1]):
        there = ~np.isnan(values[:, place])
        ranks = rankdata(values[there, place])
        if (ranks != ranks[:1]).any():
            found[there, place] = (ranks - ranks.mean()) / np.sqrt(((ranks - ranks.mean()) ** 2).mean())
    return found


def correlations(ranks: FloatArray, weights: FloatArray) -> FloatArray:
    """Spearman's correlations of every pair of columns, shape (r, pairs).

    Args:
        ranks: shape (n, k).
        weights: how often each row counts in each replicate, shape (r, n).
    """
    one, other = np.triu_indices(ranks.shape[1], 1)
    total = weights.sum(axis=1, keepdims=True)
    mean = weights @ ranks / total
    deviation = np.sqrt(np.maximum(weights @ ranks**2 / total - mean**2, 0))
    together = weights @ (ranks[:, one] * ranks[:, other]) / total - mean[:, one] * mean[:, other]
    scale = deviation[:, one] * deviation[:, other]
    found: FloatArray = np.divide(together, scale, out=np.zeros_like(together), where=scale > 0)
    return found


@dataclass(frozen=True)
class Ranks:
    """Standardised ranks of the columns that vary on both sides.

    Attributes:
        names: the columns.
        baseline: shape (n, k).
        current: shape (m, k).
    """

    names: list[str]
    baseline: FloatArray
    current: FloatArray

    @classmethod
    def of(cls, names: list[str], baseline: FloatArray, current: FloatArray) -> Ranks:
        """The ranks of numbers, NaN where there is none."""
        before, now = ranked(baseline), ranked(current)
        varies = (before != 0).any(axis=0) & (now != 0).any(axis=0)
        kept = [name for name, each in zip(names, varies, strict=True) if each]
        return cls(kept, before[:, varies], now[:, varies])

    @cached_property
    def change(self) -> FloatArray:
        """By how much the correlation of each pair differs, shape (pairs,)."""
        before, now = (correlations(side, np.ones((1, len(side)))) for side in (self.baseline, self.current))
        found: FloatArray = (now - before)[0]
        return found

    def replicates(self, seed: int) -> tuple[FloatArray, FloatArray]:
        """Mean squares of the change in replicates: of each side's own rows, and of both sides' together."""
        draw, sizes = np.random.default_rng(seed), (len(self.baseline), len(self.current))
        pooled = np.concatenate([self.baseline, self.current])
        found = []
        for sides in ((self.baseline, self.current), (pooled, pooled)):
            before, now = (
                correlations(
                    rows, draw.poisson(size / len(rows), (_REPLICATES, len(rows))).astype(np.float64)
                )
                for rows, size in zip(sides, sizes, strict=True)
            )
            found.append(((now - before) ** 2).mean(axis=1))
        return found[0], found[1]

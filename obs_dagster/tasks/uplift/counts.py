"""Treated and untreated rows of one cell by score, as the metrics take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obs_dagster.profile.distribution import FloatArray, IntArray


@dataclass(frozen=True)
class Treated:
    """Rows with a score, a treatment and a label, by score bin, the highest score first.

    Attributes:
        counts: rows by bin, treatment and label, shape (k, 2, 2): `counts[:, 1, 0]` are treated and negative.
        score: the mean score of each bin, shape (k,).
        predictions: rows that were predicted, labelled or not.
        seed: a non-negative integer; the same counts and seed give the same estimates.
    """

    counts: IntArray
    score: FloatArray
    predictions: int
    seed: int = 0

    @classmethod
    def of(cls, cell: Mapping[str, NDArray[Any]], seed: int) -> Treated:
        """From the rows of the outcome table of one cell."""
        columns = {name: cell[name].astype(np.float64) for name in ("bin", "treated", "label")}
        known = ~np.any([np.isnan(each) for each in columns.values()], axis=0)
        bins, place = np.unique(-columns["bin"][known], return_inverse=True)
        counts = np.zeros((len(bins), 2, 2), dtype=np.int64)
        treated, label = (columns[name][known].astype(np.int64) for name in ("treated", "label"))
        np.add.at(counts, (place, treated, label), cell["n"][known].astype(np.int64))
        sums = np.bincount(place, weights=cell["score_sum"][known], minlength=len(bins))
        score = sums / np.maximum(counts.sum(axis=(1, 2)), 1)
        return cls(counts, score, int(cell["n"].sum()), seed)

    @cached_property
    def n(self) -> int:
        """Rows with all three."""
        return int(self.counts.sum())

    @property
    def treated(self) -> int:
        """Those that were treated."""
        return int(self.counts[:, 1].sum())

    @property
    def positives(self) -> tuple[int, int]:
        """Positive rows: of those that were not treated, and of those that were."""
        untreated, treated = self.counts[:, :, 1].sum(axis=0)
        return int(untreated), int(treated)

    @property
    def obstacle(self) -> str:
        """Why nothing can be said of the treatment; empty if something can."""
        if self.n == 0:
            return "no labels"
        if self.treated == 0:
            return "nobody was treated"
        return "everybody was treated" if self.treated == self.n else ""

"""Labelled predictions, reduced to what the performance metrics share."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from obs_dagster.metrics.curves import ScoreCounts
from obs_dagster.monitor.costs import NO_COSTS, Costs
from obs_dagster.tasks.binary.counts import OutcomeCounts


class Outcomes:
    """The outcome counts of one version, segment and window.

    Args:
        counts: the counts of labelled predictions.
        seed: a non-negative integer; the same counts and seed give the same estimates.
        costs: the prices of errors; left out: they have none.
    """

    def __init__(self, counts: OutcomeCounts, seed: int, costs: Costs | None = None) -> None:
        self.counts = counts
        self.seed = seed
        self.costs = costs or NO_COSTS

    @cached_property
    def n(self) -> int:
        """Labelled rows."""
        return self.counts.n

    @property
    def predictions(self) -> int:
        """Rows that were predicted, labelled or not."""
        return self.counts.predictions

    @cached_property
    def true_positives(self) -> int:
        """Rows whose decision and label are positive."""
        return self._rows(decision=True, label=True)

    @cached_property
    def false_positives(self) -> int:
        """Rows whose decision alone is positive."""
        return self._rows(decision=True, label=False)

    @cached_property
    def true_negatives(self) -> int:
        """Rows whose decision and label are negative."""
        return self._rows(decision=False, label=False)

    @cached_property
    def false_negatives(self) -> int:
        """Rows whose label alone is positive."""
        return self._rows(decision=False, label=True)

    @property
    def positives(self) -> int:
        """Rows of the positive class."""
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> int:
        """Rows of the negative class."""
        return self.n - self.positives

    @cached_property
    def by_score(self) -> ScoreCounts:
        """Rows of each class per score bin, whatever the decision was."""
        used = self.counts.counts > 0
        score, place = np.unique(self.counts.score[used], return_inverse=True)
        by_class = np.zeros((2, len(score)), dtype=np.int64)
        np.add.at(by_class, (self.counts.label[used].astype(np.int64), place), self.counts.counts[used])
        binned = np.zeros(len(score), dtype=np.bool_)
        binned[place] = self.counts.width[used] > 0
        return ScoreCounts(score, positives=by_class[1], negatives=by_class[0], binned=binned)

    @property
    def one_sided(self) -> str:
        """Why the classes cannot be told apart; empty if there are rows of both."""
        if self.n == 0:
            return "no labels"
        return "" if self.positives and self.negatives else "one class only"

    def _rows(self, *, decision: bool, label: bool) -> int:
        cell = (self.counts.decision == decision) & (self.counts.label == label)
        return int(self.counts.counts[cell].sum())

"""What decisions at other thresholds would have been worth, from the counts of scores and labels alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.intervals import Z, share
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.costs import Costs
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.tasks.binary.counts import OutcomeCounts
from obs_dagster.tasks.binary.metrics.confusion import f1
from obs_dagster.tasks.binary.metrics.outcomes import Outcomes
from obs_dagster.tasks.costs import cost_of_errors

LEVELS = (0.01, 0.05, *(tenth / 10 for tenth in range(1, 10)), 0.95, 0.99)
"""Of the labelled rows' scores, the quantiles near which thresholds are told."""
_ROUNDING = 1e-9
"""Of a bin's width, what its ends may be off."""


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """Decisions by the score alone: positive from a threshold on.

    Attributes:
        threshold: the threshold; None for the decisions that were served.
        positive_share: the share of labelled rows that are called positive.
        precision, recall, f1, cost: of these decisions; the cost is per labelled row.
        error: the share of labelled rows of whose score is only known that it is near the threshold.
    """

    threshold: float | None
    positive_share: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    cost: Estimate
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Best:
    """The threshold at which errors would have cost least.

    Attributes:
        threshold: the threshold.
        low, high: outside of them every threshold costs more, as far as these rows can tell (95 %).
        cost: per labelled row there; too good by a little, for the same rows chose it.
        saving: per labelled row against the decisions that were served, with thresholds that other days
            chose; without a value where there is one day only.
    """

    threshold: float
    low: float
    high: float
    cost: Estimate
    saving: Estimate


class Thresholds:
    """Labelled rows by score, for any threshold.

    Args:
        counts: labelled predictions of one version and segment cell.
        costs: the prices of errors.
    """

    def __init__(self, counts: OutcomeCounts, costs: Costs) -> None:
        self._counts, self._costs = counts, costs
        used = counts.counts > 0
        low = (counts.score - counts.width / 2)[used]
        self._edges, place = np.unique(low, return_inverse=True)
        rows = np.zeros((2, 2, len(self._edges)), dtype=np.int64)
        cells = (counts.decision[used].astype(np.int64), counts.label[used].astype(np.int64), place)
        np.add.at(rows, cells, counts.counts[used])
        self._rows: IntArray = rows
        self._ends = np.zeros(len(self._edges))
        self._ends[place] = (counts.score + counts.width / 2)[used]

    @property
    def n(self) -> int:
        """Labelled rows."""
        return int(self._rows.sum())

    @property
    def priced(self) -> bool:
        """Whether an error has a price."""
        return self._costs.false_positive > 0 or self._costs.false_negative > 0

    def usual(self) -> list[float]:
        """Thresholds worth a look: near quantiles of the scores, with two digits."""
        if not self.n:
            return []
        rows = self._rows.sum(axis=(0, 1))
        ranks = np.searchsorted(np.cumsum(rows), np.asarray(LEVELS) * self.n)
        chosen = self._edges[np.minimum(ranks, len(self._edges) - 1)]
        return sorted({float(f"{value:.2g}") for value in chosen.tolist()})

    def served(self) -> AtThreshold:
        """The decisions that were served, whatever they were made by."""
        false, true = self._rows[1].sum(axis=1).tolist()
        return self._told(None, false, true, 0)

    def at(self, threshold: float) -> AtThreshold:
        """Decisions at a threshold; a bin of scores that it lies within goes to the nearer side."""
        positive = (self._edges + self._ends) / 2 >= threshold
        slack = _ROUNDING * (self._ends - self._edges)
        within = (threshold - self._edges > slack) & (self._ends - threshold > slack)
        false, true = self._rows.sum(axis=0)[:, positive].sum(axis=1).tolist()
        return self._told(threshold, false, true, int(self._rows[..., within].sum()))

    def best(self, days: Sequence[OutcomeCounts] = ()) -> Best | None:
        """Where errors cost least; None without labels or prices.

        Args:
            days: the same rows by day, of which each other one chooses the threshold for the rest.
        """
        if not self.n or not self.priced:
            return None
        place = self._cheapest()
        low, high = self._as_good(place)
        return Best(
            self._edge(place), self._edge(low), self._edge(high), self._cost(place), self._saving(days)
        )

    def _edge(self, place: int) -> float:
        """The threshold that calls the bins from a place on positive; beyond the last none is."""
        return (
            float(self._edges[place])
            if place < len(self._edges)
            else math.nextafter(self._ends[-1], math.inf)
        )

    def _called(self, place: int) -> tuple[int, int]:
        """Negative and positive rows that are called positive from a place on."""
        called = self._rows.sum(axis=0)[:, place:].sum(axis=1)
        return int(called[0]), int(called[1])

    def _cost(self, place: int) -> Estimate:
        false, true = self._called(place)
        positives = int(self._rows[:, 1].sum())
        return self._priced_errors(false, positives - true)

    def _priced_errors(self, false_positives: int, false_negatives: int) -> Estimate:
        prices = np.array([self._costs.false_positive, self._costs.false_negative])
        return cost_of_errors(np.array([false_positives, false_negatives]), prices, self.n)

    def _losses(self) -> FloatArray:
        """What errors cost in sum if rows are called positive from each place on, shape (bins + 1,)."""
        negatives, positives = self._rows.sum(axis=0)
        above = np.concatenate([np.cumsum(negatives[::-1])[::-1], [0]])
        below = np.concatenate([[0], np.cumsum(positives)])
        return np.asarray(self._costs.false_positive * above + self._costs.false_negative * below)

    def _cheapest(self) -> int:
        """The place of the least cost; of several the middle one of the first run."""
        losses = self._losses()
        least = np.flatnonzero(losses <= losses.min() * (1 + 1e-12))
        run = least[: int(np.argmax(np.diff(least, append=least[-1] + 2) > 1)) + 1]
        return int(run[len(run) // 2])

    def _as_good(self, place: int) -> tuple[int, int]:
        """The first and the last place that costs no more than one, but for chance."""
        negatives, positives = self._rows.sum(axis=0)
        fp, fn = self._costs.false_positive, self._costs.false_negative
        # per row between the two thresholds: what it costs more to call it as the other one does
        gain = np.cumsum(
            np.stack([fp * negatives, fn * positives, fp**2 * negatives, fn**2 * positives]), axis=1
        )
        total = np.concatenate([np.zeros((4, 1)), gain], axis=1)
        between = total - total[:, [place]]
        sign = np.where(np.arange(total.shape[1]) >= place, 1.0, -1.0)
        mean = (between[1] - between[0]) / self.n
        square = sign * (between[2] + between[3]) / self.n
        error = np.sqrt(np.maximum(square - mean**2, 0.0) / self.n)
        # the best of many is better than its neighbours by chance: the outermost that is not worse counts
        good = np.flatnonzero(mean <= Z * error)
        return int(good[0]), int(good[-1])

    def _saving(self, days: Sequence[OutcomeCounts]) -> Estimate:
        """What thresholds that other days chose would have saved against what was served, per row."""
        halves = [[each for each in days[start::2] if each.n] for start in (0, 1)]
        if not all(halves):
            return Estimate.missing("days with labels on which a threshold is chosen and others to try it on")
        total = square = 0.0
        rows = 0
        for chosen_on, tried_on in (halves, halves[::-1]):
            threshold = _joined(chosen_on, self._costs)
            edge = threshold._edge(threshold._cheapest())  # noqa: SLF001  its own kind
            for each in tried_on:
                some, squares, n = _difference(each, edge, self._costs)
                total, square, rows = total + some, square + squares, rows + n
        mean = total / rows
        half = Z * math.sqrt(max(square / rows - mean**2, 0.0) / rows)
        return Estimate(mean, mean - half, mean + half, rows)

    def _told(self, threshold: float | None, false: int, true: int, within: int) -> AtThreshold:
        positives = int(self._rows[:, 1].sum())
        missed = positives - true
        confusion = _confusion(self.n, false, true, missed)
        return AtThreshold(
            threshold,
            positive_share=share(false + true, self.n, reason="no labels"),
            precision=share(true, false + true, reason="no predicted positives"),
            recall=share(true, positives, reason="no positives"),
            f1=f1(confusion),
            cost=self._priced_errors(false, missed),
            error=within / self.n if self.n else 0.0,
        )


def _confusion(n: int, false_positives: int, true_positives: int, missed: int) -> Outcomes:
    """Decisions with these counts, as the metrics take them."""
    rest = n - false_positives - true_positives - missed
    cells = np.array([rest, missed, false_positives, true_positives], dtype=np.int64)
    none = np.zeros(4)
    counts = OutcomeCounts(
        score=none,
        width=none,
        decision=np.array([False, False, True, True]),
        label=np.array([False, True, False, True]),
        counts=cells,
        score_sum=none,
        log_loss_sum=none,
        log_loss_sq=none,
        brier_sum=none,
        brier_sq=none,
        predictions=n,
    )
    return Outcomes(counts, 0)


def _joined(days: Sequence[OutcomeCounts], costs: Costs) -> Thresholds:
    names = [name for name in OutcomeCounts.__dataclass_fields__ if name != "predictions"]
    arrays = {name: np.concatenate([getattr(day, name) for day in days]) for name in names}
    return Thresholds(OutcomeCounts(**arrays, predictions=sum(day.predictions for day in days)), costs)


def _difference(day: OutcomeCounts, threshold: float, costs: Costs) -> tuple[float, float, int]:
    """What was served cost more than decisions at a threshold: sum over rows, that of squares, rows."""
    called = day.score >= threshold
    differs = called != day.decision
    # the one that is right saves the price of the other's error
    price = np.where(day.label, costs.false_negative, -costs.false_positive)
    saved = np.where(called, price, -price) * differs
    return float(saved @ day.counts), float(saved**2 @ day.counts), day.n

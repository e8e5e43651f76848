"""What a metric's change is made of: which rows came, how they were scored, and what became of them.

A metric that is a ratio of counts, A / B, changes by exactly ((A₁ - A₀) - m (B₁ - B₀)) / b, with the means m
of both ratios and b of both denominators. A and B are sums over segments of three factors: the share of rows
that a segment has, how its rows were scored and decided about, and which of those came true. What a factor
adds is its Shapley value: the mean of what changing it does, over all orders in which the three can be
changed. So all effects add up to the change.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from obs_dagster.metrics.intervals import Interval, newcombe
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.ratio import Ratio

FACTORS = ("mix", "score", "outcome")


@dataclass(frozen=True, slots=True)
class Effects:
    """What a segment adds to a change, by factor; the sum over all segments and factors is the change.

    Attributes:
        segment: its name.
        before, after: its labelled rows in either window.
        mix: that there are more or fewer of its rows.
        score: that its rows are scored and decided about otherwise.
        outcome: that rows of the same score come true more or less often.
    """

    segment: str
    before: int
    after: int
    mix: float
    score: float
    outcome: float

    @property
    def total(self) -> float:
        """All three."""
        return self.mix + self.score + self.outcome


@dataclass(frozen=True, slots=True)
class Explained:
    """A change with its parts.

    Attributes:
        before, after: the metric in either window.
        segments: the parts, the greatest first.
        counts: top and bottom of the ratio in either window.
        share: whether it is the share of some rows among others.
    """

    before: float
    after: float
    segments: Sequence[Effects]
    counts: tuple[tuple[float, float], tuple[float, float]]
    share: bool = True

    @property
    def change(self) -> float:
        """After minus before."""
        return self.after - self.before

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of the change (Newcombe's); None for a ratio that is no share of rows."""
        if not self.share:
            return None
        (top, bottom), (top_after, bottom_after) = self.counts
        return newcombe(int(top_after), int(bottom_after), int(top), int(bottom))

    @property
    def by_chance(self) -> bool:
        """Whether chance alone may be all there is."""
        known = self.interval
        return known is not None and known[0] <= 0 <= known[1]

    def of(self, factor: str) -> float:
        """What a factor adds over all segments."""
        return math.fsum(getattr(each, factor) for each in self.segments)


def explained(
    before: Mapping[str, FloatArray], after: Mapping[str, FloatArray], ratio: Ratio
) -> Explained | None:
    """A metric's change between two windows, by segment and factor.

    Args:
        before: labelled rows of each segment by score, decision and label, shape (bins, 2, 2); together the
            segments are all rows.
        after: likewise, with the same bins.
        ratio: the metric.

    Returns:
        The parts; None if the metric has no value in one of the windows.
    """
    top, bottom = np.array(ratio.top), np.array(ratio.bottom)
    names = sorted({*before, *after})
    none = np.zeros_like(next(iter({**before, **after}.values()), np.zeros((1, 2, 2))))
    cells = [np.array([window.get(name, none) for name in names]) for window in (before, after)]
    rows = [float(window.sum()) for window in cells]
    tops, bottoms = ([float((window * of).sum()) for window in cells] for of in (top, bottom))
    if not all(rows) or not all(bottoms):
        return None
    ratios = [tops[side] / bottoms[side] for side in (0, 1)]
    scale = (bottoms[0] / rows[0] + bottoms[1] / rows[1]) / 2
    # what a row adds to the change's numerator, by decision and label
    weight = (top - sum(ratios) / 2 * bottom) / scale
    counts = [window.sum(axis=(1, 2, 3)) for window in cells]
    segments = [
        Effects(name, int(first), int(last), float(mix), float(score), float(outcome))
        for name, first, last, mix, score, outcome in zip(
            names, *counts, *_shapley(cells[0], cells[1], weight), strict=True
        )
    ]
    segments.sort(key=lambda each: (-abs(each.total), each.segment))
    return Explained(
        ratios[0],
        ratios[1],
        segments,
        ((tops[0], bottoms[0]), (tops[1], bottoms[1])),
        bool((top <= bottom).all() and bottom.max() <= 1),
    )


def _shapley(
    before: FloatArray, after: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The Shapley values of share, scores and outcomes of each segment; cells have shape (k, bins, 2, 2)."""
    cells = (before, after)
    placed = [cell.sum(axis=3) for cell in cells]
    counts = [cell.sum(axis=(1, 2)) for cell in placed]
    shares = [count / count.sum() for count in counts]
    own = [_parts(cell, count[:, None, None]) for cell, count in zip(placed, counts, strict=True)]
    # a segment that a window lacks has there the scores and outcomes of the other: only its share changed
    scores = [
        np.where(count[:, None, None] > 0, own[side], own[1 - side]) for side, count in enumerate(counts)
    ]
    true = [_parts(cell, at[..., None]) for cell, at in zip(cells, placed, strict=True)]
    outcomes = [np.where(at[..., None] > 0, true[side], true[1 - side]) for side, at in enumerate(placed)]
    worth = [(of * weight).sum(axis=3) for of in outcomes]
    values: dict[tuple[int, ...], FloatArray] = {
        (mix, score, outcome): shares[mix] * (scores[score] * worth[outcome]).sum(axis=(1, 2))
        for mix, score, outcome in product((0, 1), repeat=3)
    }
    return _mean_gain(values, 0), _mean_gain(values, 1), _mean_gain(values, 2)


def _parts(counts: FloatArray, whole: FloatArray) -> FloatArray:
    """Parts of a whole; 0 where there is none."""
    found: FloatArray = np.divide(counts, whole, out=np.zeros_like(counts), where=whole > 0)
    return found


def _mean_gain(values: Mapping[tuple[int, ...], FloatArray], factor: int) -> FloatArray:
    """What changing a factor does, over all orders: a third of them have it first, a third last."""
    total = np.zeros_like(values[0, 0, 0])
    for others, often in (((0, 0), 2), ((0, 1), 1), ((1, 0), 1), ((1, 1), 2)):
        without, changed = ((*others[:factor], state, *others[factor:]) for state in (0, 1))
        total += often / 6 * (values[changed] - values[without])
    return total

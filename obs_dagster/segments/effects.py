"""What a metric's change is made of: which rows came, how they were predicted, and what became of them.

A metric that is a ratio of sums over rows, A / B, changes by exactly ((A₁ - A₀) - m (B₁ - B₀)) / b, with the
means m of both ratios and b of both denominators. A and B are sums over segments of three factors: the share
of rows that a segment has, how its rows were predicted, and what such rows add. What a factor adds is its
Shapley value: the mean of what changing it does, over all orders in which the three can be changed. So all
effects add up to the change. A root changes by the change of what is below it over the sum of both roots, and
a difference of two ratios by the difference of their changes, so these add up as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from obs_dagster.metrics.intervals import Interval, Z, newcombe
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.tasks.comparison import Comparison
from obs_dagster.tasks.judged import Difference, Judged

FACTORS = ("mix", "score", "outcome")


@dataclass(frozen=True, slots=True)
class Effects:
    """What a segment adds to a change, by factor; the sum over all segments and factors is the change.

    Attributes:
        segment: its name.
        before, after: its labelled rows in either window.
        mix: that there are more or fewer of its rows.
        score: that its rows are predicted otherwise.
        outcome: that rows with the same prediction turn out otherwise.
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
        interval: the 95 % interval of the change, of shares Newcombe's; None where rows say nothing of it.
    """

    before: float
    after: float
    segments: Sequence[Effects]
    interval: Interval | None

    @property
    def change(self) -> float:
        """After minus before."""
        return self.after - self.before

    @property
    def by_chance(self) -> bool:
        """Whether chance alone may be all there is."""
        return self.interval is not None and self.interval[0] <= 0 <= self.interval[1]

    def of(self, factor: str) -> float:
        """What a factor adds over all segments."""
        return math.fsum(getattr(each, factor) for each in self.segments)


@dataclass(frozen=True)
class _Term:
    """A ratio's part of a change.

    Attributes:
        values: the ratio in either window.
        effects: by factor and segment, shape (3, k).
        variance: of the change.
        share: top and bottom of either window, where the ratio is a share of rows.
    """

    values: tuple[float, float]
    effects: FloatArray
    variance: float
    share: tuple[tuple[int, int], tuple[int, int]] | None


def explained(
    before: Mapping[str, Judged],
    after: Mapping[str, Judged],
    metric: Comparison | Difference,
    *,
    parts: int | None = None,
) -> Explained | None:
    """A metric's change between two windows, by segment and factor.

    Args:
        before: labelled rows of each segment; together the segments are all rows.
        after: likewise.
        metric: the metric.
        parts: about so many kinds of predictions are made of keys that are numbers of bins; left out: each
            key is a kind of its own.

    Returns:
        The parts; None if the metric has no value in one of the windows.
    """
    names = sorted({*before, *after})
    if not before or not after:
        return None
    ratios = (metric.plus, metric.minus) if isinstance(metric, Difference) else (metric,)
    windows = [[window.get(name) for name in names] for window in (before, after)]
    cells = _dense(windows, parts, ratios[0].rows)
    terms = [_term(cells, ratio) for ratio in ratios]
    known = [term for term in terms if term is not None]
    if len(known) < len(terms):
        return None
    signs = (1.0, -1.0)[: len(known)]
    effects = sum(sign * term.effects for sign, term in zip(signs, known, strict=True))
    values = [
        sum(sign * term.values[side] for sign, term in zip(signs, known, strict=True)) for side in (0, 1)
    ]
    counts = [(window @ ratios[0].rows).sum(axis=1) for window in cells]
    segments = [
        Effects(name, round(first), round(last), *map(float, of))
        for name, first, last, of in zip(names, *counts, np.transpose(effects), strict=True)
    ]
    segments.sort(key=lambda each: (-abs(each.total), each.segment))
    return Explained(values[0], values[1], segments, _interval(values[1] - values[0], known))


def _dense(
    windows: Sequence[Sequence[Judged | None]], parts: int | None, rows: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The numbers of both windows by segment and kind of prediction, shape (k, p, v)."""
    there = [each for window in windows for each in window if each is not None]
    keys = np.unique(np.concatenate([each.keys for each in there]))
    kinds = np.arange(len(keys)) if parts is None else _kinds(keys, there, parts, rows)
    shape = (len(windows[0]), int(kinds.max(initial=0)) + 1, there[0].numbers.shape[1])
    dense = (np.zeros(shape), np.zeros(shape))
    for window, cells in zip(windows, dense, strict=True):
        for place, each in enumerate(window):
            if each is not None:
                np.add.at(cells[place], kinds[np.searchsorted(keys, each.keys)], each.numbers)
    return dense


def _kinds(keys: IntArray, there: Sequence[Judged], parts: int, rows: FloatArray) -> IntArray:
    """Which of about so many kinds with as many rows each a bin belongs to."""
    counts = np.zeros(len(keys))
    for each in there:
        np.add.at(counts, np.searchsorted(keys, each.keys), each.numbers @ rows)
    middle = np.cumsum(counts) - counts / 2
    kinds = np.minimum((parts * middle / max(counts.sum(), 1.0)).astype(np.int64), parts - 1)
    found: IntArray = np.unique(kinds, return_inverse=True)[1].astype(np.int64)
    return found


def _term(cells: tuple[FloatArray, FloatArray], ratio: Comparison) -> _Term | None:
    """What a ratio's change is made of; None if it has no value in one of the windows."""
    rows = [window @ ratio.rows for window in cells]
    tops, bottoms = ([window @ of for window in cells] for of in (ratio.above, ratio.below))
    top, bottom, whole = ([float(each.sum()) for each in of] for of in (tops, bottoms, rows))
    if not all(whole) or not all(bottom):
        return None
    means = [top[side] / bottom[side] for side in (0, 1)]
    scale = (bottom[0] / whole[0] + bottom[1] / whole[1]) / 2
    # what rows add to the change's numerator
    worth = [(tops[side] - sum(means) / 2 * bottoms[side]) / scale for side in (0, 1)]
    effects = _shapley(rows, worth)
    totals = [window.sum(axis=(0, 1)) for window in cells]
    variances = [float(ratio.squares(totals[side], means[side])) / bottom[side] ** 2 for side in (0, 1)]
    if ratio.root:
        roots = [math.sqrt(max(0.0, each)) for each in means]
        variances = [of / (4 * each) if each else 0.0 for of, each in zip(variances, means, strict=True)]
        # where both are 0 nothing has changed
        effects, means = effects / (sum(roots) or 1.0), roots
    plain = bool((ratio.above <= ratio.below).all() and ratio.below.max() <= 1)
    share = tuple((round(top[side]), round(bottom[side])) for side in (1, 0)) if plain else None
    return _Term((means[0], means[1]), effects, sum(variances), share)  # type: ignore[arg-type]


def _interval(change: float, terms: Sequence[_Term]) -> Interval | None:
    if len(terms) == 1 and terms[0].share is not None:
        (top_after, bottom_after), (top, bottom) = terms[0].share
        return newcombe(top_after, bottom_after, top, bottom)
    reach = Z * math.sqrt(sum(term.variance for term in terms))
    return (change - reach, change + reach) if reach else None


def _shapley(rows: Sequence[FloatArray], worth: Sequence[FloatArray]) -> FloatArray:
    """The Shapley values of share, predictions and outcomes of each segment, shape (3, k).

    Args:
        rows: of either window by segment and kind of prediction, shape (k, p).
        worth: what these add, likewise.
    """
    counts = [cell.sum(axis=1) for cell in rows]
    shares = [count / count.sum() for count in counts]
    own = [_parts(cell, count[:, None]) for cell, count in zip(rows, counts, strict=True)]
    # what a window lacks has there the predictions and outcomes of the other: only its share changed
    scores = [np.where(counts[side][:, None] > 0, own[side], own[1 - side]) for side in (0, 1)]
    added = [_parts(each, of) for each, of in zip(worth, rows, strict=True)]
    outcomes = [np.where(rows[side] > 0, added[side], added[1 - side]) for side in (0, 1)]
    values: dict[tuple[int, ...], FloatArray] = {
        (mix, score, outcome): shares[mix] * (scores[score] * outcomes[outcome]).sum(axis=1)
        for mix, score, outcome in product((0, 1), repeat=3)
    }
    return np.stack([_mean_gain(values, factor) for factor in range(3)])


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

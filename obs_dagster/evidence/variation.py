"""How much the days of a baseline differ anyway, and how surprising another day is beside them.

A chi-square test takes rows for independent draws. Those of one day are alike, so each quiet day is another
population, and with enough rows every one is "significant". Days of a baseline tell by how much: the
variance of a day's shares is s + (n - 1) r times that of n independent rows, its *design effect* (Rao and
Scott, Annals of Statistics 12, 1984), with r the correlation of rows of one day. What is held against them is
a day's distance

    Σ (q - p)² / p

with p the baseline's shares in k bins, and q the day's. Five things keep its p-value honest:

- d, the degrees of freedom that days really differ in (Satterthwaite's, of Rao and Scott's second order):
  where all days move in one direction it is 1, however many bins there are.
- the left-out days: each day's distance beside the others says how heavy its tail is. It is a mean over
  several tails, weighted by how likely they make these.
- days that follow each other are alike: the variance grows by (1 + φ) / (1 - φ) with the correlation φ of a
  day with the one before, so that a warm week is no news where weeks are warm or cold.
- a design effect of few days is itself unsure. All nights are held against one estimate, so its error does
  not cancel: the upper end of its 80 % interval counts, and two standard errors of p.
- the tolerance: what no one would act on, with however many rows, is no news.

Days of a log differ most in one way: warm or cold, workday or weekend. All else, in which they may hardly
differ, is looked at once more by itself: what a day has *beside* the main direction in which days differ. Of
the two p-values the smaller one counts, twice. A day that lies further along that direction than days do may
have more beside it: what bends with it grows with its square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from obs_dagster.evidence.directions import Directions, EachValue, MeanRank
from obs_dagster.evidence.spread import FloatArray, IntArray, Scalar, Spread, one_of, spread_of

LEAST_DAYS = 20
"""Fewer days don't tell how days differ."""

TOLERANCE = 0.001
"""A distance Σ (q - p)² / p that is no news: that of a shift by a thirtieth of a standard deviation, or of a
PSI of 0.001, where 0.1 counts as a shift."""

ASSUMED_DISTANCE = 0.1
"""By how much days are taken to differ where that is not known: as far as a PSI of 0.1."""

_BESIDE, _DIRECTED = 0.25, 0.35
"""The parts of chance for what lies beside the main direction, and for changes that are looked for by
themselves; the rest is for the sum over all bins (a weighted Bonferroni)."""

_HEAVIEST = np.array([1.0, 0.0, 0.0, 0.0])
"""The weights of tails where days do not tell how heavy theirs is."""
_AT_LEAST = 0.1
"""The part of the correlation of all values that each has at least."""

_FEWEST_BINS = 4
"""Of fewer bins there is little beside one direction."""
_SQUARINGS = 6
_TINY = 1e-12
_PARTS = 5
"""Into so many parts days are divided; each part's main direction is that of the others."""


@dataclass(frozen=True, slots=True)
class Variation:
    """How a column's days differ; or those of several at once, with axes of theirs before all others.

    Attributes:
        shares: the baseline's share of each bin, shape (k,).
        whole: how far days lie apart.
        direction: in which they do most, a unit vector of shape (k,); None if that is not looked at.
        along: the mean of how far they lie along it, as a distance.
        beside: how far they lie apart beside it; None likewise.
        rows: rows of an average day.
        directions: changes that are looked for by themselves; None if there are none.
        along_each: how far days lie apart in each of these, with an axis for them; None likewise.
    """

    shares: FloatArray
    whole: Spread
    direction: FloatArray | None = None
    along: Scalar = 1.0
    beside: Spread | None = None
    rows: Scalar = 1.0
    directions: Directions | None = None
    along_each: Spread | None = None

    def at(self, place: int) -> Variation:
        """That of one of several columns."""
        return Variation(
            shares=self.shares[place],
            whole=self.whole.at(place),
            direction=None if self.direction is None else self.direction[place],
            along=one_of(self.along, place),
            beside=None if self.beside is None else self.beside.at(place),
            rows=one_of(self.rows, place),
            directions=None if self.directions is None else self.directions.at(place),
            along_each=None if self.along_each is None else self.along_each.at(place),
        )

    @property
    def calibrated(self) -> bool:
        """Whether enough days are known."""
        return self.whole.days >= LEAST_DAYS

    @property
    def freedom(self) -> Scalar:
        """The directions in which days differ."""
        return self.whole.freedom

    def design_effect(self, rows: Scalar) -> Scalar:
        """How many times as far a day's shares vary as those of so many independent rows."""
        return self.whole.design_effect(rows)

    def around(self, counts: IntArray) -> Variation:
        """The same days around other shares, which are as unsure as if those were of such days.

        Args:
            counts: rows per bin of what days are held against, shape (k,).
        """
        rows = np.maximum(counts.sum(axis=-1), 1)

        def moved(spread: Spread, known: Scalar, rows: FloatArray) -> Spread:
            return spread.around(spread.design_effect(np.minimum(known, rows)) / rows)

        beside, each = self.beside, self.along_each
        return replace(
            self,
            shares=counts / rows[..., None],
            whole=moved(self.whole, self.rows, rows),
            beside=None if beside is None else moved(beside, self.rows, rows),
            along_each=None
            if each is None
            else moved(each, np.asarray(self.rows)[..., None], rows[..., None]),
        )

    def no_surer_than(self, unsure: float) -> Variation:
        """The same days around shares whose variance is at least so large, in units of p (1 - p)."""
        return replace(self, whole=self.whole.around(np.maximum(self.whole.unsure, unsure)))

    def p_value(self, counts: IntArray, days: int = 1, tolerance: float = TOLERANCE) -> float:
        """How likely a window is to lie so far from the baseline if days differ as they did, from 0 to 1.

        Args:
            counts: rows per bin, shape (k,).
            days: how many days they are of.
            tolerance: the distance that is no news.
        """
        return float(self.p_values(counts, days, tolerance))

    def p_values(self, counts: IntArray, days: int = 1, tolerance: float = TOLERANCE) -> FloatArray:
        """The same of several columns or nights at once, with axes of theirs before the bins."""
        rows = counts.sum(axis=-1).astype(np.float64)
        known = np.maximum(rows, 1)
        residuals = _residuals(counts[..., None, :], self.shares[..., None, :])[..., 0, :]
        whole = self.whole.p_values((residuals**2).sum(axis=-1) / known, known, days, tolerance)
        found = whole / self._part_of_whole
        if self.beside is not None and self.direction is not None:
            along = (residuals * self.direction).sum(axis=-1)
            rest = residuals - along[..., None] * self.direction
            # what bends with the main direction grows with its square
            further = np.maximum(along**2 / known / self.along, 1.0) ** 2
            distance = (rest**2).sum(axis=-1) / known
            beside = self.beside.p_values(distance, known, days, tolerance, further)
            found = np.minimum(found, beside / _BESIDE)
        if self.directions is not None and self.along_each is not None:
            each = self.directions.residuals(counts, self.shares) ** 2 / known[..., None]
            along_each = self.along_each.p_values(each, known[..., None], days, tolerance)
            found = np.minimum(found, along_each.min(axis=-1) * self.directions.number / _DIRECTED)
        return np.where(rows > 0, np.minimum(found, 1.0), 1.0)

    @property
    def _part_of_whole(self) -> float:
        """The part of chance that is left for the sum over all bins."""
        beside = 0.0 if self.beside is None else _BESIDE
        return 1.0 - beside - (0.0 if self.directions is None else _DIRECTED)


def variation_of(days: IntArray, ordered: bool | None = None) -> Variation:  # noqa: FBT001  what bins are
    """How days differ, from their rows per bin, shape (days, k), in the order of time.

    Days without rows are left out. Of several columns or nights at once there are axes before these two, and
    no day without rows.

    Args:
        days: the rows.
        ordered: whether the bins are in order, as those of numbers are, or each has a value; None if no
            change is looked for by itself.
    """
    if days.ndim == 2:  # noqa: PLR2004 - days and bins
        days = days[days.sum(axis=1) > 0]
    number = days.shape[-2]
    if number < 2:  # noqa: PLR2004 - one day differs from nothing
        return assumed(days.sum(axis=0) if number else np.ones(days.shape[-1], dtype=np.int64))
    rows = days.sum(axis=-1).astype(np.float64)
    total = rows.sum(axis=-1)
    shares = days.sum(axis=-2) / total[..., None]
    bins = _bins_used(shares)
    # a day is a part of what it is held against
    own = np.maximum(1 - rows / total[..., None], 1e-9)
    residuals = _residuals(days, shares[..., None, :]) / np.sqrt(own)[..., None]
    found = Variation(shares, spread_of(residuals, rows, bins - 1), rows=rows.mean(axis=-1))
    if number >= LEAST_DAYS and ordered is not None:
        found = _directed(found, days, own, ordered=ordered)
    if number < LEAST_DAYS or (bins < _FEWEST_BINS).any():
        return found
    main = _main(residuals)
    along = (residuals * main[..., None, :]).sum(axis=-1) ** 2 / rows
    beside = spread_of(_beside(residuals), rows, bins - 2, apart=1)
    return replace(found, direction=main, along=np.maximum(along.mean(axis=-1), _TINY), beside=beside)


def variations_of(columns: Sequence[IntArray], ordered: Sequence[bool | None]) -> list[Variation]:
    """The same of several columns, each as `variation_of` has it; those of one shape are measured at once.

    What takes time is the number of steps, not that of the counts, which are few.

    Args:
        columns: the rows of each, shape (days, k).
        ordered: of each.
    """
    alike: dict[tuple[object, ...], list[int]] = {}
    with_rows = [days[days.sum(axis=1) > 0] for days in columns]
    for place, days in enumerate(with_rows):
        few = np.count_nonzero(days.any(axis=0)) < _FEWEST_BINS
        alike.setdefault((days.shape, ordered[place], few), []).append(place)
    found: dict[int, Variation] = {}
    for places in alike.values():
        first, days = places[0], with_rows[places[0]]
        if len(places) == 1 or len(days) < 2:  # noqa: PLR2004 - one day differs from nothing
            found |= {place: variation_of(with_rows[place], ordered[place]) for place in places}
        else:
            together = variation_of(np.stack([with_rows[place] for place in places]), ordered[first])
            found |= {place: together.at(number) for number, place in enumerate(places)}
    return [found[place] for place in range(len(columns))]


def _directed(found: Variation, days: IntArray, own: FloatArray, *, ordered: bool) -> Variation:
    """The same, with how days differ in some directions, each by itself."""
    rows = np.asarray(found.rows)
    directions = MeanRank.of(found.shares) if ordered else EachValue.of(found.shares, rows)
    residuals = directions.residuals(np.moveaxis(days, -2, 0), found.shares)
    each = np.moveaxis(residuals, 0, -1) / np.sqrt(own)[..., None, :]
    spread = spread_of(each[..., None], days.sum(axis=-1)[..., None, :].astype(np.float64), 1)
    if not ordered:
        # of many values the one counts that is oddest, and few days do not tell how odd that may be: where
        # others differ it may differ too, and now and then by far
        least = _AT_LEAST * np.asarray(found.whole.correlation)[..., None]
        spread = replace(
            spread,
            correlation=np.maximum(spread.correlation, least),
            tails=np.broadcast_to(_HEAVIEST, spread.tails.shape),
        )
    return replace(found, directions=directions, along_each=spread)


def assumed(baseline: IntArray) -> Variation:
    """How days are taken to differ of which too few are known: by `ASSUMED_DISTANCE`, in one direction.

    Args:
        baseline: rows per bin, shape (k,).
    """
    rows = max(int(baseline.sum()), 1)
    shares = baseline / rows
    dimensions = _bins_used(shares) - 1
    tails = np.array([0.0, 1.0, 0.0, 0.0])
    return Variation(shares, Spread(ASSUMED_DISTANCE / dimensions, dimensions, 1.0, 0.0, tails, 0, 1 / rows))


def _bins_used(shares: FloatArray) -> IntArray:
    used: IntArray = np.maximum((shares > 0).sum(axis=-1), 2)
    return used


def _residuals(days: IntArray, shares: FloatArray) -> FloatArray:
    """How far each day's shares lie from the baseline's, in standard errors of independent rows, (days, k).

    Of a bin in which less than a row a day is expected, one row is taken to be: so one row in it is no news.
    """
    rows = np.maximum(days.sum(axis=-1, keepdims=True), 1).astype(np.float64)
    residuals: FloatArray = (days / rows - shares) * np.sqrt(rows / np.maximum(shares, 1 / rows))
    return residuals


def _main(residuals: FloatArray) -> FloatArray:
    """The direction in which days differ most, shape (k,); 0 where none differs."""
    powers = np.swapaxes(residuals, -1, -2) @ residuals
    for _ in range(_SQUARINGS):
        powers = powers / np.maximum(np.trace(powers, axis1=-2, axis2=-1), _TINY)[..., None, None]
        powers = powers @ powers
    longest = np.diagonal(powers, axis1=-2, axis2=-1).argmax(axis=-1)
    found = np.take_along_axis(powers, longest[..., None, None], axis=-1)[..., 0]
    length: FloatArray = np.maximum(np.linalg.norm(found, axis=-1, keepdims=True), _TINY)
    return found / length


def _beside(residuals: FloatArray) -> FloatArray:
    """What days have beside the main direction of the others, as a day has that is not among them."""
    found = np.empty_like(residuals)
    for part in range(_PARTS):
        others = np.arange(residuals.shape[-2]) % _PARTS != part
        main = _main(residuals[..., others, :])[..., None, :]
        own = residuals[..., ~others, :]
        found[..., ~others, :] = own - (own * main).sum(axis=-1, keepdims=True) * main
    return found

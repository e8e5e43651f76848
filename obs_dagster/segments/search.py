"""Segments in which a model is wrong more often, found in a lattice of columns and tried on other rows.

Segments are proposed level by level, from counts of the finest cells: no row is read. Those are tried that
have the best score of SliceLine (Sagadeeva and Boehm, SIGMOD 2021: how much more often a segment is wrong,
against how small it is), and those that stand out most clearly, by the score test. The latter decides the
order: it weighs size as chance does, so a fault in one crossing comes before the columns it dilutes into.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obs_dagster.metrics.intervals import Interval, Z, newcombe
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.segments.shrinkage import Kin, Siblings, kin_of_means, siblings

ALPHA = 0.95
"""How much an error weighs against size in the score."""

LEAST_ROWS = 50
"""Rows that a segment needs in either half."""

LEVELS = 3
"""Columns that are crossed at most."""

CANDIDATES = 20
"""Segments that are tried on the rows that did not choose them."""

FALSE_DISCOVERIES = 0.05
"""The share of false ones among those that are told, at most (Benjamini and Hochberg)."""

_ADDS = FALSE_DISCOVERIES / (2 * CANDIDATES)
"""The p-value below which a segment is worse beside one that is told: so many are asked at most."""


@dataclass(frozen=True, slots=True)
class Half:
    """A part of the rows of the finest cells, shape (cells,) each.

    Attributes:
        rows: how many there are.
        total: what they lost together: of right and wrong rows, how many are wrong.
        squares: the sum of the squares of that.
    """

    rows: FloatArray
    total: FloatArray
    squares: FloatArray

    def sums(self, cells: NDArray[np.bool_]) -> Sums:
        """What some cells come to."""
        return Sums(*(float(each[cells].sum()) for each in (self.rows, self.total, self.squares)))


class Sums(NamedTuple):
    """Rows, what they lost together, and the sum of its squares."""

    rows: float
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """What a row lost."""
        return self.total / self.rows

    @property
    def variance(self) -> float:
        """Of the mean."""
        spread = max(0.0, self.squares - self.total**2 / self.rows)
        return spread / max(1.0, self.rows - 1) / self.rows


@dataclass(frozen=True, slots=True)
class Cube:
    """The finest cells of some crossed columns.

    Attributes:
        columns: the columns, k of them.
        values: the value of each column in each cell, shape (cells, k).
        rows: labelled rows, shape (cells,).
        wrong: what they lost together; where no halves are given, how many were predicted wrongly.
        halves: two parts of the rows, as of every second day, where rows are more than right or wrong.
    """

    columns: tuple[str, ...]
    values: NDArray[np.object_]
    rows: IntArray
    wrong: IntArray | FloatArray
    halves: tuple[Half, Half] | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """A segment that is worse than the rest.

    Attributes:
        name: as segment cells are named, without escapes: `origin=JFK,carrier=AA`.
        rows: its labelled rows, all of them.
        wrong: what they lost together: how many were predicted wrongly, or the sum of their losses.
        share: what a row lost: the share of wrong ones, or the mean loss.
        shrunk: the same, drawn towards segments of the same columns as far as these are alike.
        rest: the same elsewhere.
        excess: share minus rest on the rows that did not choose it, with its 95 % interval.
        p_value: how likely these rows are if it is no worse than the rest.
        score: SliceLine's.
    """

    name: str
    rows: int
    wrong: float
    share: float
    shrunk: float
    rest: float
    excess: float
    interval: Interval
    p_value: float
    score: float


@dataclass(frozen=True)
class _Candidate:
    name: str
    cells: NDArray[np.bool_] = field(compare=False)
    cube: int
    score: float
    clear: float
    shrunk: float


def worst_slices(
    cubes: Sequence[Cube],
    seed: int,
    *,
    least: int = LEAST_ROWS,
    levels: int = LEVELS,
    q: float = FALSE_DISCOVERIES,
) -> list[Slice]:
    """The segments that are worse than the rest, the clearest first; none if chance explains them.

    Half of the rows, drawn from the counts, choose segments; the other half tries them. What is within a
    chosen one, or holds one, stays only if it is worse without it, too.

    Args:
        cubes: the cells of each crossing; columns that are not crossed are one of their own.
        seed: a non-negative integer; the same counts and seed give the same segments.
        least: rows that a segment needs in either half.
        levels: columns that are crossed at most.
        q: the share of false ones among those that are told.
    """
    rng = np.random.default_rng(seed)
    halves = [cube.halves or _halves(cube, rng) for cube in cubes]
    found: dict[frozenset[str], _Candidate] = {}
    for place, cube in enumerate(cubes):
        for each in _candidates(cube, halves[place][0], place, least, levels):
            found.setdefault(frozenset(each.name.split(",")), each)
    by_score, by_clarity = (
        sorted(found.values(), key=key)[:CANDIDATES]
        for key in (lambda each: (-each.score, each.name), lambda each: (-each.clear, each.name))
    )
    chosen = [*by_clarity, *(each for each in by_score if each not in by_clarity)]
    tried = [(each, *_tried(each.cells, halves[each.cube][1], cubes[each.cube])) for each in chosen]
    passed = _discovered([p for _, _, _, p in tried], q)
    kept: list[_Candidate] = []
    slices = []
    for (each, excess, interval, p_value), good in zip(tried, passed, strict=True):
        if good and _adds(each, kept, halves[each.cube][1], cubes[each.cube], least):
            kept.append(each)
            slices.append(_told(each, cubes[each.cube], excess, interval, p_value))
    return slices


def sliceline_score(
    wrong: float, rows: float, all_wrong: float, all_rows: float, alpha: float = ALPHA
) -> float:
    """SliceLine's score; above 0 for a segment that is worse by more than its size takes off.

    Args:
        wrong: errors in the segment.
        rows: rows of it.
        all_wrong: errors of all rows.
        all_rows: all rows.
        alpha: how much errors weigh against size.
    """
    if not rows or not all_wrong:
        return -math.inf
    mean = all_wrong / all_rows
    return alpha * (wrong / rows / mean - 1) - (1 - alpha) * (all_rows / rows - 1)


def _halves(cube: Cube, rng: np.random.Generator) -> tuple[Half, Half]:
    """Rows and wrong rows of two halves: as if rows were dealt out, for those of a cell are alike."""
    right = cube.rows - cube.wrong
    rows = rng.binomial(cube.rows, 0.5)
    wrong = rng.hypergeometric(cube.wrong.astype(np.int64), right.astype(np.int64), rows)
    first = Half(rows.astype(float), wrong.astype(float), wrong.astype(float))
    others = (cube.wrong - wrong).astype(float)
    return first, Half((cube.rows - rows).astype(float), others, others)


def _candidates(cube: Cube, half: Half, place: int, least: int, levels: int) -> Iterator[_Candidate]:
    """Segments of a cube that are worse than the rest of it, level by level."""
    whole = half.sums(np.ones(len(half.rows), dtype=bool))
    coded = [np.unique(cube.values[:, at], return_inverse=True) for at in range(len(cube.columns))]
    for level in range(1, min(levels, len(cube.columns)) + 1):
        for picked in combinations(range(len(cube.columns)), level):
            groups = np.zeros(len(half.rows), dtype=np.int64)
            for at in picked:
                groups = groups * len(coded[at][0]) + coded[at][1]
            _, first, member = np.unique(groups, return_index=True, return_inverse=True)
            sums = [np.bincount(member, of) for of in (half.rows, half.total, half.squares)]
            kin = _kin(cube, member)
            for group in np.flatnonzero(sums[0] >= least):
                inside = Sums(*(float(of[group]) for of in sums))
                clear = _clarity(inside, _without(whole, inside), cube)
                if clear > 0:
                    cells = member == group
                    score = sliceline_score(inside.total, inside.rows, whole.total, whole.rows)
                    shrunk = kin.shrunk(float(cube.wrong[cells].sum()), float(cube.rows[cells].sum()))
                    names = [f"{cube.columns[at]}={cube.values[first[group], at]}" for at in picked]
                    yield _Candidate(",".join(names), cells, place, score, clear, shrunk)


def _kin(cube: Cube, member: IntArray) -> Siblings | Kin:
    """What segments of the same columns have in common."""
    rows, wrong = np.bincount(member, cube.rows), np.bincount(member, cube.wrong)
    if cube.halves is None:
        return siblings(wrong, rows)
    squares = np.sum([np.bincount(member, half.squares) for half in cube.halves], axis=0)
    return kin_of_means(wrong.astype(np.float64), squares, rows.astype(np.float64))


def _without(whole: Sums, inside: Sums) -> Sums:
    return Sums(*(all_ - one for all_, one in zip(whole, inside, strict=True)))


def _tried(cells: NDArray[np.bool_], half: Half, cube: Cube) -> tuple[float, Interval, float]:
    """How much worse cells are than the others, with interval and one-sided p-value."""
    inside, outside = half.sums(cells), half.sums(~cells)
    if not inside.rows or not outside.rows:
        return 0.0, (-1.0, 1.0), 1.0
    excess = inside.mean - outside.mean
    if cube.halves is None:
        counts = (round(each) for each in (inside.total, inside.rows, outside.total, outside.rows))
        return excess, newcombe(*counts), _one_sided(inside, outside, cube)
    reach = Z * math.sqrt(inside.variance + outside.variance)
    return excess, (excess - reach, excess + reach), _one_sided(inside, outside, cube)


def _one_sided(inside: Sums, outside: Sums, cube: Cube) -> float:
    """The p-value of the test that the first is no worse than the second: of counts the score test."""
    return 0.5 * math.erfc(_clarity(inside, outside, cube) / math.sqrt(2))


def _clarity(inside: Sums, outside: Sums, cube: Cube) -> float:
    """How many standard errors the first lies above the second; of shares, if both are one."""
    if not inside.rows or not outside.rows:
        return 0.0
    if cube.halves is None:
        pooled = (inside.total + outside.total) / (inside.rows + outside.rows)
        variance = pooled * (1 - pooled) * (1 / inside.rows + 1 / outside.rows)
    else:
        variance = inside.variance + outside.variance
    return (inside.mean - outside.mean) / math.sqrt(variance) if variance > 0 else 0.0


def _discovered(p_values: Sequence[float], q: float) -> list[bool]:
    """Which tests are told so that at most a share q of those is false (Benjamini and Hochberg 1995)."""
    order: FloatArray = np.sort(np.array(p_values))
    below = np.flatnonzero(order <= q * np.arange(1, len(order) + 1) / max(1, len(order)))
    limit = order[below[-1]] if len(below) else -1.0
    return [p <= limit for p in p_values]


def _adds(each: _Candidate, kept: Sequence[_Candidate], half: Half, cube: Cube, least: int) -> bool:
    """Whether a segment is worse also without those that were told before and lie within it, or beside it."""
    for other in kept:
        if other.cube != each.cube or not (each.cells & other.cells).any():
            continue
        if not (each.cells & ~other.cells).any():
            # within one that is told: it has to be worse than the rest of that
            inside, outside = each.cells, other.cells & ~each.cells
        else:
            inside, outside = each.cells & ~other.cells, ~each.cells & ~other.cells
        sums = half.sums(inside), half.sums(outside)
        if sums[0].rows < least or not sums[1].rows or _one_sided(*sums, cube) > _ADDS:
            return False
    return True


def _told(each: _Candidate, cube: Cube, excess: float, interval: Interval, p_value: float) -> Slice:
    rows, wrong = int(cube.rows[each.cells].sum()), float(cube.wrong[each.cells].sum())
    rest = int(cube.rows.sum()) - rows
    return Slice(
        name=each.name,
        rows=rows,
        wrong=wrong,
        share=wrong / rows,
        shrunk=each.shrunk,
        rest=(float(cube.wrong.sum()) - wrong) / rest if rest else 0.0,
        excess=excess,
        interval=interval,
        p_value=p_value,
        score=each.score,
    )

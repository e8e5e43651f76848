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

import numpy as np
from numpy.typing import NDArray

from obs_dagster.metrics.intervals import Interval, newcombe
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.segments.shrinkage import siblings

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
class Cube:
    """The finest cells of some crossed columns.

    Attributes:
        columns: the columns, k of them.
        values: the value of each column in each cell, shape (cells, k).
        rows: labelled rows, shape (cells,).
        wrong: those that were predicted wrongly, shape (cells,).
    """

    columns: tuple[str, ...]
    values: NDArray[np.object_]
    rows: IntArray
    wrong: IntArray


@dataclass(frozen=True, slots=True)
class Slice:
    """A segment that is worse than the rest.

    Attributes:
        name: as segment cells are named, without escapes: `origin=JFK,carrier=AA`.
        rows: its labelled rows, all of them.
        wrong: those that were predicted wrongly.
        share: of wrong rows.
        shrunk: the same, drawn towards segments of the same columns as far as these are alike.
        rest: the share elsewhere.
        excess: share minus rest on the rows that did not choose it, with its 95 % interval.
        p_value: how likely these rows are if it is no worse than the rest.
        score: SliceLine's.
    """

    name: str
    rows: int
    wrong: int
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
    halves = [_halves(cube, rng) for cube in cubes]
    found: dict[frozenset[str], _Candidate] = {}
    for place, cube in enumerate(cubes):
        for each in _candidates(cube, halves[place][0], place, least, levels):
            found.setdefault(frozenset(each.name.split(",")), each)
    by_score, by_clarity = (
        sorted(found.values(), key=key)[:CANDIDATES]
        for key in (lambda each: (-each.score, each.name), lambda each: (-each.clear, each.name))
    )
    chosen = [*by_clarity, *(each for each in by_score if each not in by_clarity)]
    tried = [(each, *_tried(each.cells, halves[each.cube][1])) for each in chosen]
    passed = _discovered([p for _, _, _, p in tried], q)
    kept: list[_Candidate] = []
    slices = []
    for (each, excess, interval, p_value), good in zip(tried, passed, strict=True):
        if good and _adds(each, kept, halves[each.cube][1], least):
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


def _halves(
    cube: Cube, rng: np.random.Generator
) -> tuple[tuple[IntArray, IntArray], tuple[IntArray, IntArray]]:
    """Rows and wrong rows of two halves: as if rows were dealt out, for those of a cell are alike."""
    rows = rng.binomial(cube.rows, 0.5)
    wrong = rng.hypergeometric(cube.wrong, cube.rows - cube.wrong, rows)
    return (rows, wrong), (cube.rows - rows, cube.wrong - wrong)


def _candidates(
    cube: Cube, half: tuple[IntArray, IntArray], place: int, least: int, levels: int
) -> Iterator[_Candidate]:
    """Segments of a cube that are worse than the rest of it, level by level."""
    rows, wrong = half
    all_rows, all_wrong = int(rows.sum()), int(wrong.sum())
    coded = [np.unique(cube.values[:, at], return_inverse=True) for at in range(len(cube.columns))]
    for level in range(1, min(levels, len(cube.columns)) + 1):
        for picked in combinations(range(len(cube.columns)), level):
            groups = np.zeros(len(rows), dtype=np.int64)
            for at in picked:
                groups = groups * len(coded[at][0]) + coded[at][1]
            _, first, member = np.unique(groups, return_index=True, return_inverse=True)
            in_rows, in_wrong = (np.bincount(member, of).astype(np.int64) for of in (rows, wrong))
            kin = siblings(np.bincount(member, cube.wrong), np.bincount(member, cube.rows))
            for group in np.flatnonzero(in_rows >= least):
                score = sliceline_score(int(in_wrong[group]), int(in_rows[group]), all_wrong, all_rows)
                inside = int(in_wrong[group]), int(in_rows[group])
                clear = _clarity(inside, (all_wrong - inside[0], all_rows - inside[1]))
                if clear > 0:
                    cells = member == group
                    shrunk = kin.shrunk(int(cube.wrong[cells].sum()), int(cube.rows[cells].sum()))
                    names = [f"{cube.columns[at]}={cube.values[first[group], at]}" for at in picked]
                    yield _Candidate(",".join(names), cells, place, score, clear, shrunk)


def _tried(cells: NDArray[np.bool_], half: tuple[IntArray, IntArray]) -> tuple[float, Interval, float]:
    """How much more often cells are wrong than the others, with interval and one-sided p-value."""
    rows, wrong = half
    inside, outside = (
        (int(wrong[cells].sum()), int(rows[cells].sum())),
        (
            int(wrong[~cells].sum()),
            int(rows[~cells].sum()),
        ),
    )
    if not inside[1] or not outside[1]:
        return 0.0, (-1.0, 1.0), 1.0
    excess = inside[0] / inside[1] - outside[0] / outside[1]
    return excess, newcombe(*inside, *outside), _one_sided(inside, outside)


def _one_sided(inside: tuple[int, int], outside: tuple[int, int]) -> float:
    """The p-value of the score test that the first share is no greater than the second."""
    return 0.5 * math.erfc(_clarity(inside, outside) / math.sqrt(2))


def _clarity(inside: tuple[int, int], outside: tuple[int, int]) -> float:
    """How many standard errors the first share lies above the second, if both are one."""
    if not inside[1] or not outside[1]:
        return 0.0
    pooled = (inside[0] + outside[0]) / (inside[1] + outside[1])
    variance = pooled * (1 - pooled) * (1 / inside[1] + 1 / outside[1])
    if variance <= 0:
        return 0.0
    return (inside[0] / inside[1] - outside[0] / outside[1]) / math.sqrt(variance)


def _discovered(p_values: Sequence[float], q: float) -> list[bool]:
    """Which tests are told so that at most a share q of those is false (Benjamini and Hochberg 1995)."""
    order: FloatArray = np.sort(np.array(p_values))
    below = np.flatnonzero(order <= q * np.arange(1, len(order) + 1) / max(1, len(order)))
    limit = order[below[-1]] if len(below) else -1.0
    return [p <= limit for p in p_values]


def _adds(each: _Candidate, kept: Sequence[_Candidate], half: tuple[IntArray, IntArray], least: int) -> bool:
    """Whether a segment is worse also without those that were told before and lie within it, or beside it."""
    rows, wrong = half
    for other in kept:
        if other.cube != each.cube or not (each.cells & other.cells).any():
            continue
        if not (each.cells & ~other.cells).any():
            # within one that is told: it has to be worse than the rest of that
            inside, outside = each.cells, other.cells & ~each.cells
        else:
            inside, outside = each.cells & ~other.cells, ~each.cells & ~other.cells
        sums = [(int(wrong[of].sum()), int(rows[of].sum())) for of in (inside, outside)]
        if sums[0][1] < least or not sums[1][1] or _one_sided(*sums) > _ADDS:
            return False
    return True


def _told(each: _Candidate, cube: Cube, excess: float, interval: Interval, p_value: float) -> Slice:
    rows, wrong = int(cube.rows[each.cells].sum()), int(cube.wrong[each.cells].sum())
    rest = int(cube.rows.sum()) - rows
    return Slice(
        name=each.name,
        rows=rows,
        wrong=wrong,
        share=wrong / rows,
        shrunk=each.shrunk,
        rest=(int(cube.wrong.sum()) - wrong) / rest if rest else 0.0,
        excess=excess,
        interval=interval,
        p_value=p_value,
        score=each.score,
    )

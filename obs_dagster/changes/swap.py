"""Two columns that have changed places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from obs_dagster.changes.cause import Cause
from obs_dagster.changes.figures import of_rows
from obs_dagster.changes.fit import Fit, fit
from obs_dagster.changes.pair import Categories, Numbers, Pair, total_variation
from obs_dagster.profile.distribution import CategoryCounts

NAME = "swap"
_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
_NEAR = 0.5
"""In units of a column's own spread: quantiles that lie further off need no closer look."""


def swapped(pairs: Mapping[str, Pair]) -> dict[str, Cause]:
    """By column, with which other one it has changed places.

    Each of the two must now be what the other was. Columns that were alike tell nothing: neither would have
    moved.

    Args:
        pairs: the columns of one version that have moved, by name.
    """
    telling = {name: pair for name, pair in pairs.items() if pair.telling}
    best: dict[str, tuple[float, str, Cause]] = {}
    for one, other in _candidates(telling):
        fits = _crosswise(telling[one], telling[other]), _crosswise(telling[other], telling[one])
        if fits[0] is None or fits[1] is None:
            continue
        left = max(fits[0].left, fits[1].left)
        for name, beside, found in ((one, other, fits[0]), (other, one, fits[1])):
            if name not in best or left < best[name][0]:
                told = f"{of_rows(found.share)}as {beside} was: swapped with it?"
                best[name] = (left, beside, Cause(NAME, told, found.share, found.left))
    # the closest of several like columns must hold for both
    return {name: cause for name, (_, beside, cause) in best.items() if best[beside][1] == name}


def _candidates(pairs: Mapping[str, Pair]) -> Iterator[tuple[str, str]]:
    """Pairs of columns of which each may be what the other was."""
    numbers = {name: pair for name, pair in pairs.items() if isinstance(pair, Numbers)}
    yield from _near(list(numbers), list(numbers.values()))
    categories = [name for name, pair in pairs.items() if isinstance(pair, Categories)]
    yield from combinations(categories, 2)


def _near(names: Sequence[str], pairs: Sequence[Numbers]) -> Iterator[tuple[str, str]]:
    if len(names) < 2:  # noqa: PLR2004 - a swap takes two
        return
    was = np.array([pair.was.quantiles(_LEVELS) for pair in pairs])
    now = np.array([pair.now.quantiles(_LEVELS) for pair in pairs])
    scale = np.maximum(was[:, -1] - was[:, 0], np.finfo(float).tiny)
    # how far the middle of the window of each is from the baseline of each
    off = np.abs(now[:, None, :] - was[None, :, :]).min(axis=2) / scale
    near = (off <= _NEAR) & (off.T <= _NEAR)
    for one, other in zip(*np.nonzero(np.triu(near, 1)), strict=True):
        yield names[one], names[other]


def _crosswise(one: Pair, other: Pair) -> Fit | None:
    """How well the one's window is explained by the other's baseline."""
    if isinstance(one, Numbers) and isinstance(other, Numbers):
        return fit(one.was, one.now, other.was, one.apart)
    if isinstance(one, Categories) and isinstance(other, Categories):
        crossed = Categories(_without_rest(other.before), _without_rest(one.after))
        if crossed.before.n and crossed.after.n and one.explained(crossed.was, crossed.now):
            return Fit(1.0, total_variation(crossed.was, crossed.now))
    return None


def _without_rest(counts: CategoryCounts) -> CategoryCounts:
    """Only what has a name."""
    return CategoryCounts(dict(counts.counts), counts.nulls)

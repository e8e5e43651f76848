"""From counts of both sides to what is told of a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from obs_dagster.changes.cause import Cause, suspected
from obs_dagster.changes.change import Change, Reference
from obs_dagster.changes.histogram import Histogram, by_name, over_line
from obs_dagster.changes.missing import missing_cause
from obs_dagster.changes.pair import Categories, Numbers, Pair
from obs_dagster.changes.summary import Summary, most_frequent, summarise
from obs_dagster.changes.swap import swapped
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.distribution import CategoryCounts, Counts, NumericCounts


@dataclass(frozen=True, slots=True)
class Moved:
    """The counts of a column that has moved.

    Attributes:
        windows: the lengths of the windows, in days ending on the night, that hold the rows of `after`.
        before, after: the baseline's counts, and the window's; both have rows.
        values: whether the values have moved, and not only how many are missing.
        segment: the segment cell that both are of; `*` for all rows.
    """

    version: str
    column: str
    windows: tuple[int, ...]
    before: Counts
    after: Counts
    values: bool = True
    segment: str = WHOLE


def describe(moved: Sequence[Moved], references: Mapping[str, Reference], day: dt.date) -> list[Change]:
    """What is told of columns that have moved, in the order given.

    Args:
        moved: the columns.
        references: what each version was compared with.
        day: the last day of the windows.
    """
    # what a cause would make of values near the end of what floats hold may be beyond it: it explains nothing
    with np.errstate(all="ignore"):
        return _described(moved, references, day)


def _described(moved: Sequence[Moved], references: Mapping[str, Reference], day: dt.date) -> list[Change]:
    pairs = [_pair(each) for each in moved]
    causes = [
        suspected(pair) if pair is not None and each.values else None
        for each, pair in zip(moved, pairs, strict=True)
    ]
    for place, cause in _swaps(moved, pairs):
        known = causes[place]
        if known is None or known.fitted > 0:
            causes[place] = cause
    return [
        _change(each, pair, cause, references[each.version], day)
        for each, pair, cause in zip(moved, pairs, causes, strict=True)
    ]


def _pair(moved: Moved) -> Pair | None:
    """Both sides for kinds of causes to look at; None if one has no values, or the type changed."""
    before, after = moved.before, moved.after
    if not before.n or not after.n:
        return None
    if isinstance(before, NumericCounts) and isinstance(after, NumericCounts):
        return Numbers(before, after)
    if isinstance(before, CategoryCounts) and isinstance(after, CategoryCounts):
        return Categories(before, after)
    return None


def _swaps(moved: Sequence[Moved], pairs: Sequence[Pair | None]) -> Iterable[tuple[int, Cause]]:
    """The columns that have changed places with another one of the same version, cell and windows."""
    groups: dict[tuple[str, str, tuple[int, ...]], dict[str, int]] = {}
    for place, each in enumerate(moved):
        if pairs[place] is not None and each.values:
            groups.setdefault((each.version, each.segment, each.windows), {})[each.column] = place
    for places in groups.values():
        known = {name: pair for name, place in places.items() if (pair := pairs[place]) is not None}
        yield from ((places[name], cause) for name, cause in swapped(known).items())


def _change(
    moved: Moved, pair: Pair | None, cause: Cause | None, reference: Reference, day: dt.date
) -> Change:
    shown = most_frequent(moved.before, moved.after)
    before, after = (summarise(side, shown) for side in (moved.before, moved.after))
    lost = missing_cause(moved.before, moved.after, others_moved=moved.values)
    return Change(
        version=moved.version,
        column=moved.column,
        day=day,
        windows=moved.windows,
        reference=reference,
        before=before,
        after=after,
        causes=tuple(each for each in (cause, lost) if each is not None),
        values=moved.values,
        histogram=_histogram(pair, before, after),
        segment=moved.segment,
    )


def _histogram(pair: Pair | None, before: Summary, after: Summary) -> Histogram | None:
    if pair is None:
        return None
    if isinstance(pair, Numbers) and not before.shares:
        return over_line(pair.was, pair.now)
    return by_name(before, after)

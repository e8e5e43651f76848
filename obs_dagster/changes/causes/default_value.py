"""One value in place of many: a default that is filled in, or a column that is stuck."""

from __future__ import annotations

import numpy as np

from obs_dagster.changes.cause import Cause
from obs_dagster.changes.figures import named, shares, value
from obs_dagster.changes.pair import Categories, Numbers, Pair
from obs_dagster.changes.spread import Spread
from obs_dagster.profile.distribution import CategoryCounts, NumericCounts

_USUAL = 0.1
"""A value that more of the baseline's rows have is no sign of a fault when it becomes more frequent."""

_FEWEST = 0.03
"""Fewer rows more explain no change."""

_LIKE = 0.25
"""By this part of the rise of the value's share the fall of the missing one may differ, to be filled in."""


class DefaultValue:
    """One value in place of many."""

    name = "default_value"

    def look(self, pair: Pair) -> Cause | None:
        """The value that explains the window."""
        return _of_numbers(pair) if isinstance(pair, Numbers) else _of_categories(pair)


def _of_numbers(pair: Numbers) -> Cause | None:
    now, was = pair.bins_after, pair.bins_before
    # the share that the baseline has where each value of the window is
    usual = was.below(now.high)[1] - was.below(np.nextafter(now.low, -np.inf))[0]
    place = int(np.argmax(now.mass - usual))
    rise = float(now.mass[place] - usual[place])
    if usual[place] > _USUAL or rise < _FEWEST:
        return None
    low, high = float(now.low[place]), float(now.high[place])
    found = _value_in(pair.after, low, high)
    changed = Spread(np.array([low]), np.array([high]), np.ones(1), was.rows)
    if rise > 1 - _FEWEST and pair.after.minimum != pair.after.maximum:
        return None  # a bin that holds everything need not be one value
    share = min(1.0, rise / (1 - float(usual[place])))
    fit = pair.explained(pair.was.mixed(changed, share), parts=False)
    if fit is None:
        return None
    text = value(found)
    fact = f"{text} in {shares(float(usual[place]), float(now.mass[place]))} of the rows"
    return Cause(
        DefaultValue.name,
        _told(pair.before, pair.after, share, text),
        share,
        fit.left,
        fitted=1,
        numbers={"value": found},
        fact=fact,
    )


def _value_in(counts: NumericCounts, low: float, high: float) -> float:
    """The value that a bin with many rows most likely holds."""
    ends = (counts.minimum, counts.maximum)
    known = next((end for end in ends if end is not None and low <= end <= high), None)
    if low <= 0 <= high:
        return 0.0
    if known is not None:
        return known
    whole = np.ceil(low)
    return float(whole) if whole == np.floor(high) else low / 2 + high / 2


def _of_categories(pair: Categories) -> Cause | None:
    place = int(np.argmax(pair.now - pair.was))
    usual, rise = float(pair.was[place]), float(pair.now[place] - pair.was[place])
    if usual > _USUAL or rise < _FEWEST:
        return None
    share = min(1.0, rise / (1 - usual))
    expected = (1 - share) * pair.was
    expected[place] += share
    if not pair.explained(expected, pair.now):
        return None
    text = named(pair.names[place])
    return Cause(
        DefaultValue.name,
        _told(pair.before, pair.after, share, text),
        share,
        float(np.abs(expected - pair.now).sum() / 2),
        fitted=1,
        fact=f"{text} {shares(usual, float(pair.now[place]))}",
    )


def _told(
    before: NumericCounts | CategoryCounts, after: NumericCounts | CategoryCounts, share: float, text: str
) -> str:
    fell = before.missing / before.rows - after.missing / after.rows
    filled = share * after.n / after.rows
    if abs(fell - filled) <= _LIKE * filled:
        return f"{text} in place of missing values?"
    return f"{text} in every row: stuck, or a default value?" if share >= 1 else f"{text} a default value?"


CAUSE = DefaultValue()

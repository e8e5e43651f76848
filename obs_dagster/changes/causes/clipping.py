"""Values beyond a limit set to it, or rows with such values gone."""

from __future__ import annotations

import math

import numpy as np

from obs_dagster.changes.cause import Cause
from obs_dagster.changes.figures import value
from obs_dagster.changes.pair import Numbers, Pair
from obs_dagster.changes.spread import Spread
from obs_dagster.figures import percent

_FEWEST = 0.01
"""A limit that fewer of the baseline's rows are beyond changes nothing."""

_MOST = 0.8
"""Of what is left of fewer rows than the rest nothing can be recognised."""

_HEAPED = 0.5
"""The part of the rows beyond that must be found at the limit, to call it clipping."""


class Clipping:
    """Values beyond a limit set to it, or rows with such values gone."""

    name = "clipping"

    def look(self, pair: Pair) -> Cause | None:
        """The limits that explain the window."""
        if not isinstance(pair, Numbers) or not pair.shaped:
            return None
        low, high = pair.after.minimum, pair.after.maximum
        if low is None or high is None:
            return None
        under, over = _beyond(pair.was, low, high)
        if under < _FEWEST:
            low = -math.inf
        if over < _FEWEST:
            high = math.inf
        gone = (under if math.isfinite(low) else 0.0) + (over if math.isfinite(high) else 0.0)
        if not 0 < gone <= _MOST:
            return None
        limits = _limits(low, high)
        heaped = _heaped(pair, low, high)
        changed = (
            pair.was.mapped(lambda values: np.clip(values, low, high))
            if heaped
            else pair.was.within(low, high)
        )
        fit = None if changed is None else pair.explained(changed, parts=False)
        if fit is None:
            return None
        told = "clipped" if heaped else "rows left out"
        return Cause(
            self.name,
            f"nothing {limits}, where {percent(gone)} of the baseline is: {told}?",
            1.0,
            fit.left,
            fitted=1,
            numbers={name: end for name, end in (("low", low), ("high", high)) if math.isfinite(end)},
        )


def _beyond(was: Spread, low: float, high: float) -> tuple[float, float]:
    """The share of the baseline that is certainly below the one, and above the other."""
    return float(was.mass[was.high < low].sum()), float(was.mass[was.low > high].sum())


def _heaped(pair: Numbers, low: float, high: float) -> bool:
    """Whether the rows that lack beyond the limits are found at them."""
    under, over = _beyond(pair.bins_before, low, high)
    found = []
    for end, gone in ((low, under), (high, over)):
        if math.isfinite(end):
            here = (pair.bins_after.low <= end) & (pair.bins_after.high >= end)
            was = (pair.bins_before.low <= end) & (pair.bins_before.high >= end)
            heap = float(pair.bins_after.mass[here].sum() - pair.bins_before.mass[was].sum())
            found.append(heap >= _HEAPED * gone)
    return all(found)


def _limits(low: float, high: float) -> str:
    parts = [f"below {value(low)}"] if math.isfinite(low) else []
    parts += [f"above {value(high)}"] if math.isfinite(high) else []
    return " or ".join(parts)


CAUSE = Clipping()

"""Values rounded to whole numbers, to tens, to halves."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from obs_dagster.changes.cause import Cause
from obs_dagster.changes.figures import value
from obs_dagster.changes.pair import Numbers, Pair
from obs_dagster.changes.spread import Image, Spread
from obs_dagster.profile.distribution import FloatArray

_STEPS = tuple(sorted((c * 10.0**e for e in range(-6, 10) for c in (1.0, 2.0, 5.0)), reverse=True))
_ON = 0.999
"""The share of rows that must be at multiples of a step."""

_OFF = 0.6
"""The share of the baseline's rows that may have been there, whether or not they were rounded."""

_WAYS: tuple[tuple[str, Image], ...] = (
    ("rounded to multiples of", np.rint),
    ("cut down to multiples of", np.floor),
    ("cut towards 0 to multiples of", np.trunc),
    ("rounded up to multiples of", np.ceil),
)


class Rounding:
    """Values rounded to multiples of a step."""

    name = "rounding"

    def look(self, pair: Pair) -> Cause | None:
        """The largest step whose multiples all values are, if rounding to it explains the window."""
        if not isinstance(pair, Numbers) or not pair.shaped:
            return None
        low, high = pair.was.quantiles((0.01, 0.99))
        steps = (step for step in _STEPS if step <= (high - low))
        step = next((each for each in steps if _at_multiples(pair.bins_after, each) >= _ON), None)
        if step is None or _at_multiples(pair.bins_before, step) > _OFF:
            return None
        found = []
        for told, way in _WAYS:
            fit = pair.explained(pair.was.mapped(partial(_to_step, way, step)), parts=False)
            if fit is not None:
                told_step = f"{told} {value(step)}?"
                found.append(
                    Cause(
                        self.name, f"all values {told_step}", 1.0, fit.left, fitted=1, numbers={"step": step}
                    )
                )
        return min(found, key=lambda cause: cause.left, default=None)


def _to_step(way: Image, step: float, values: FloatArray) -> FloatArray:
    return way(values / step) * step


def _at_multiples(spread: Spread, step: float) -> float:
    """The share of rows that can be at a multiple of a step."""
    slack = 1e-9 * np.maximum(np.abs(spread.low), np.abs(spread.high))
    first = np.ceil((spread.low - slack) / step)
    return math.fsum(spread.mass[first * step <= spread.high + slack].tolist())


CAUSE = Rounding()

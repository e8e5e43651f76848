"""Whether a baseline can speak for a window: whether it has enough rows where those of the window are."""

from __future__ import annotations

import numpy as np

from obs_dagster.profile.distribution import FloatArray

MOST_OUTSIDE = 0.05
"""Share of the rows that may lie where the baseline had none."""

LEAST_WORTH = 100.0
"""Rows that a baseline must be worth where those of the window are."""

_GROUPS = 20
"""Groups of equal rows of the baseline in which its rows are compared with those of now."""


def why_apart(
    known: tuple[FloatArray, FloatArray], now: tuple[FloatArray, FloatArray], *, near: float, what: str
) -> str:
    """Why a baseline cannot speak for a window; empty if it can.

    Args:
        known: values of the baseline, ascending, and its labelled rows at each, at least one in all.
        now: those of the window.
        near: how far beyond the range of the baseline a value is still as good as in it.
        what: the values, as they are told of ("scores").
    """
    (place, rows), (there, weights) = known, now
    having = place[rows > 0]
    outside = weights[(there < having[0] - near) | (there > having[-1] + near)].sum() / weights.sum()
    if outside > MOST_OUTSIDE:
        return f"{outside:.0%} of the {what} are outside of those that the baseline has"
    worth = effective_rows(known, now)
    if worth < LEAST_WORTH:
        return (
            f"where the {what} are now, the baseline is worth {worth:,.0f} labelled rows of the "
            f"{LEAST_WORTH:,.0f} that are needed"
        )
    return ""


def effective_rows(known: tuple[FloatArray, FloatArray], now: tuple[FloatArray, FloatArray]) -> float:
    """How many rows the baseline is worth that is weighted to have the values of now (Kish, 1965)."""
    (place, rows), _ = known, now
    upto = np.cumsum(rows)
    inner = np.searchsorted(upto, upto[-1] * np.arange(1, _GROUPS) / _GROUPS)
    edges = np.unique(place[np.minimum(inner, len(place) - 1)])
    was, there = (
        np.bincount(np.searchsorted(edges, values), weights=weights, minlength=len(edges) + 1)
        for values, weights in (known, now)
    )
    was, there = was[was + there > 0], there[was + there > 0]
    if (was == 0).any():
        # at the very end of the range; what lies there is little, or it would be outside
        was = np.maximum(was, 1.0)
    return float(was.sum() / ((there / there.sum()) ** 2 / (was / was.sum())).sum())

"""Values that are missing, or are there again: told apart from what the others do."""

from __future__ import annotations

from obs_dagster.changes.cause import Cause
from obs_dagster.changes.figures import shares
from obs_dagster.metrics.intervals import newcombe
from obs_dagster.profile.distribution import Counts, NumericCounts

MISSING = "missing"
"""The kind of cause that tells of missing values."""

MOVED = 0.02
"""From here on the change of the missing share is told; its whole interval must be beyond."""

_BURST = 0.1
"""From here on it is a burst."""


def missing_moved(before: Counts, after: Counts) -> bool:
    """Whether the missing share has moved by more than noise and `MOVED`."""
    low, high = newcombe(after.missing, after.rows, before.missing, before.rows)
    return low > MOVED or high < -MOVED


def missing_cause(before: Counts, after: Counts, *, others_moved: bool) -> Cause | None:
    """What the missing share tells; None if it has not moved.

    Args:
        before: the baseline's counts, of at least one row.
        after: the window's, of at least one row.
        others_moved: whether the values that are there have moved too.
    """
    if not missing_moved(before, after):
        return None
    was, now = before.missing / before.rows, after.missing / after.rows
    if now < was:
        told = "fewer values are missing"
    else:
        what = _what(after)
        told = f"a burst of {what}?" if now - was >= _BURST else f"more {what}."
        if not others_moved and after.n:
            told += " The values that are there have not moved"
        told = told.removesuffix(".")
    return Cause(
        MISSING, told, abs(now - was), 0.0, numbers={"share": now}, fact=f"missing {shares(was, now)}"
    )


def _what(after: Counts) -> str:
    """What the values are that are missing."""
    if isinstance(after, NumericCounts) and after.missing:
        if after.nans > after.missing / 2:
            return "NaN"
        if after.infinite > after.missing / 2:
            return "infinite values"
    return "nulls"

"""A change in words: before and after, the suspected cause, and which days are meant."""

from __future__ import annotations

import datetime as dt
import math

from obs_dagster.changes.change import Change, Reference
from obs_dagster.changes.figures import named, shares, value
from obs_dagster.changes.missing import MISSING
from obs_dagster.changes.summary import LEVELS
from obs_dagster.monitor.whole import WHOLE

_STILL = 0.02
"""A median that moved by less of the spread has not moved to the eye; then another quantile is told."""

_CERTAIN = 4.0
"""Standard errors that a share has to move by: values are those that stand out among thousands."""


def told(change: Change) -> str:
    """Before and after with the suspected cause, without column and days.

    As in `median 13.4 → 13,380, × 1000: a change of unit?`.
    """  # noqa: RUF002 - the sign for a product
    values = [cause for cause in change.causes if cause.kind != MISSING]
    lost = [cause for cause in change.causes if cause.kind == MISSING]
    seen = fact(change) if change.values else ""
    parts = [", ".join(filter(None, (cause.fact or seen, cause.told))) for cause in values] or [seen]
    parts += [f"{cause.fact}, {cause.told}" for cause in lost]
    return "; ".join(filter(None, parts))


def fact(change: Change) -> str:
    """What moved most, before and after; empty if one side has no values, or nothing that is shown moved."""
    before, after = change.before, change.after
    if before.shares and after.shares:
        return _share(change)
    if not before.quantiles or not after.quantiles:
        return ""
    spread = max(before.spread, after.spread) or 1.0
    moves = [abs(one - other) / spread for one, other in zip(before.quantiles, after.quantiles, strict=True)]
    middle = LEVELS.index(0.5)
    place = middle if moves[middle] > _STILL else max(range(len(moves)), key=moves.__getitem__)
    name = "median" if place == middle else f"{LEVELS[place]:.0%} quantile".replace("%", " %")
    was, now = (value(side.quantiles[place], side.spread) for side in (before, after))
    return f"{name} {was} → {now}"


def _share(change: Change) -> str:
    """The value whose share moved most."""
    before, after = change.before.shares, change.after.shares
    most = max(before, key=lambda name: abs(after[name] - before[name]))
    if before[most] == after[most]:
        return ""
    if _by_chance(change, before[most], after[most]):
        return "none of its values by more than chance"
    shown = most if change.before.quantiles else named(most)
    return f"{shown} {shares(before[most], after[most])}"


def _by_chance(change: Change, was: float, now: float) -> bool:
    """Whether the share of a value differs by no more than that of one of very many may by chance."""
    rows = [side.rows - side.missing for side in (change.before, change.after)]
    pooled = (was * rows[0] + now * rows[1]) / sum(rows)
    error = math.sqrt(pooled * (1 - pooled) * (1 / rows[0] + 1 / rows[1]))
    return abs(now - was) <= _CERTAIN * error


def between(change: Change) -> str:
    """The days of both sides: `1 January to 31 March → 4 July`."""
    return f"{reference_days(change.reference)} → {_span(_first(change), change.day)}"


def reference_days(reference: Reference) -> str:
    """What the window was compared with: its days, or its kind where it has none."""
    if reference.first is None or reference.last is None:
        return f"{reference.kind} baseline"
    return _span(reference.first, reference.last)


def _first(change: Change) -> dt.date:
    return change.day - dt.timedelta(days=change.window - 1)


def _span(first: dt.date, last: dt.date) -> str:
    """Days in words.

    >>> _span(dt.date(2024, 3, 1), dt.date(2024, 3, 7)), _span(dt.date(2023, 12, 31), dt.date(2024, 1, 6))
    ('1 to 7 March 2024', '31 December 2023 to 6 January 2024')
    >>> _span(dt.date(2024, 2, 28), dt.date(2024, 3, 5)), _span(dt.date(2024, 3, 5), dt.date(2024, 3, 5))
    ('28 February to 5 March 2024', '5 March 2024')
    """
    end = f"{last.day} {last:%B %Y}"
    if first == last:
        return end
    if first.year != last.year:
        return f"{first.day} {first:%B %Y} to {end}"
    return f"{first.day} to {end}" if first.month == last.month else f"{first.day} {first:%B} to {end}"


def line(change: Change, segment: str = WHOLE) -> str:
    """The change in one line: column, before and after, cause, days.

    Args:
        change: the change.
        segment: the segment cell that is spoken of; if the change is of all rows instead, the line says so.
    """
    return f"{change.subject}: {told(change)} ({of_rows(change, segment)})"


def of_rows(change: Change, segment: str) -> str:
    """The days of both sides; and that they are of all rows, where a segment cell is spoken of."""
    of_all = change.segment == WHOLE != segment
    return f"{between(change)}, of all rows" if of_all else between(change)

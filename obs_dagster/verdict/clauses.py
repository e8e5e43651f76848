"""Clauses of a verdict that are made of several numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from obs_dagster.verdict.evidence import Evidence
from obs_dagster.verdict.movement import Movement
from obs_dagster.verdict.wording import distance, listing, number


def within(sentences: str) -> str:
    """Sentences as a part of another one."""
    return f"{sentences[:1].lower()}{sentences[1:].rstrip('.')}"


def by_days(shown: Sequence[Evidence]) -> list[list[Evidence]]:
    """Numbers with those of the same days, in order."""
    found: dict[tuple[dt.date, int], list[Evidence]] = {}
    for item in shown:
        found.setdefault((item.day, item.window), []).append(item)
    return list(found.values())


def of_days(items: Sequence[Evidence]) -> str:
    """Numbers of the same days, with these."""
    told = f"{listing([item.text for item in items])} {items[0].when}"
    return f"{told}, {items[0].caveat}" if items[0].caveat else told


def most(moved: Sequence[Evidence]) -> str:
    """Which columns moved most, over which days, and how far if that is known of each."""
    told = f"{listing([item.column for item in moved])} moved most {moved[0].when}"
    far = [item.moved_by for item in moved if item.moved_by is not None]
    if len(far) < len(moved):
        return told
    *others, last = far
    return f"{told}, by {listing([*(f'{each:.1f}' for each in others), distance(last)])} of the baseline"


def missing(found: Movement) -> str:
    """Of which columns the missing share moved most, and how far."""
    changes = [f"{record.column} by {number('missing_drift', record.value)}" for record in found.missing[:2]]
    return f"the missing share moved {found.covers}: {listing(changes)}"

"""What changed in the columns of a log from one day to the next: came, went, renamed, of another type.

What a monitor declares is one thing (`sources.schema_change` compares a day with that); this is what
happened, declared or not, so that people know on which day it did.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.sql_types import NOTHING

Kind = Literal["came", "went", "renamed", "retyped"]
#: Names of which so much is the same are alike.
_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class SchemaEvent:
    """A change of a column.

    Attributes:
        kind: what happened.
        column: the column; of one that was renamed, as it was called.
        before: its type before; empty if it was not there.
        now: its type, or what it seems to be called now; empty if it is gone.
        why: of a column that seems to be renamed, what speaks for that.
    """

    kind: Kind
    column: str
    before: str = ""
    now: str = ""
    why: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "came":
                return f"{self.column} came ({self.now})"
            case "went":
                return f"{self.column} went ({self.before})"
            case "renamed":
                return f"{self.column} seems to be called {self.now} now: {self.why}"
            case "retyped":
                return f"{self.column} is {self.now}, and was {self.before}"


@dataclass(frozen=True, slots=True)
class SchemaEvents:
    """What changed in a day's columns.

    Attributes:
        since: the day that it is compared with, the last one before it that had rows; None if there is none.
        events: what happened.
    """

    since: dt.date | None
    events: tuple[SchemaEvent, ...] = ()

    def __str__(self) -> str:
        if not self.events:
            return ""
        return f"Since {self.since}, columns changed: {'; '.join(map(str, self.events))}"


def events_of_day(monitor: Monitor, day: dt.date, lake: Lake) -> SchemaEvents:
    """What changed in the columns of a day's log since the last day before it that had rows.

    Nothing of days without rows, or that were read before columns were kept.
    """
    table = lake.table(monitor.model, LOGS)
    now = (table.readable(day) or {}).get("columns")
    if now:
        for earlier in reversed([each for each in table.days() if each < day]):
            if before := (table.readable(earlier) or {}).get("columns"):
                return SchemaEvents(earlier, tuple(schema_events(before, now)))
    return SchemaEvents(None)


def schema_events(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[SchemaEvent]:
    """What happened between two days.

    A column that went is taken for one that came if both are of one type and their names are alike, or if no
    other came or went of that type.

    Args:
        before: the type per column of the earlier day.
        now: that of the later one.
    """
    went = {name: kind for name, kind in before.items() if name not in now}
    came = {name: kind for name, kind in now.items() if name not in before}
    for name, other, why in _renamed(went, came):
        del went[name], came[other]
        yield SchemaEvent("renamed", name, before[name], other, why)
    yield from (SchemaEvent("went", name, before=kind) for name, kind in went.items())
    yield from (SchemaEvent("came", name, now=kind) for name, kind in came.items())
    for name, kind in now.items():
        # a column without any value has no type of its own
        if name in before and before[name] != kind and not {before[name], kind} & {*NOTHING}:
            yield SchemaEvent("retyped", name, before[name], kind)


def _renamed(went: Mapping[str, str], came: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Columns that went, each with the one that it seems to be now, and why; the most alike first."""
    pairs = sorted(
        (
            (_likeness(name, other), name, other)
            for name, kind in went.items()
            for other, new in came.items()
            if kind == new
        ),
        reverse=True,
    )
    found: list[tuple[str, str, str]] = []
    taken: set[str] = set()
    for likeness, name, other in pairs:
        if {name, other} & taken:
            continue
        alone = [list(each.values()).count(went[name]) for each in (went, came)] == [1, 1]
        if likeness >= _ALIKE or alone:
            alike = "the names are alike" if likeness >= _ALIKE else f"one of {went[name]} went and one came"
            found.append((name, other, f"{alike}, and the type is the same"))
            taken |= {name, other}
    return found


def _likeness(name: str, other: str) -> float:
    """How much of two names is the same, from 0 to 1, whatever their case and signs.

    >>> _likeness("user_age", "UserAge"), round(_likeness("age", "income"), 1)
    (1.0, 0.2)
    """
    one, two = ("".join(char for char in each.casefold() if char.isalnum()) for each in (name, other))
    return difflib.SequenceMatcher(None, one, two).ratio()

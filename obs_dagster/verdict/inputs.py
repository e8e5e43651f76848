"""What verdicts and reports are made from, besides the monitor and the metric records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from obs_dagster.monitor.escalation import Severity

AlertState = Literal["pending", "firing", "resolved"]


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert, as a reader needs it.

    Attributes:
        id: the alert's id in the history store.
        rule: name of the rule that watches.
        version, segment, column: the subject; `*` and an empty column mean the model as a whole.
        metric, window: what is watched, and over how many days.
        value, low, high, n: the value last judged, its 95 % interval and the rows behind it.
        threshold, direction: a value on the `direction` side of the threshold is a breach.
        since: first day of the breach.
        fired_day: the day it began to fire; None while it is pending.
        nights: nights in a row in breach.
        owner: who acts.
        summary: what it means and what to do first, as the rule says.
        day: last day of the window that `value` is about; None if that is the reported day.
        note: what else to know; of days that were not evaluated, why.
        handled: what people do about it, in words; empty if nothing is known. A line that is resolved is one
            that was resolved by hand and is still in breach.
        why: of quality, where the version is wrong and what the change is made of, in sentences; empty if
            that is not known.
    """

    id: str
    rule: str
    severity: Severity
    state: AlertState
    version: str
    segment: str
    column: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    threshold: float
    direction: Literal["above", "below"]
    since: dt.date
    fired_day: dt.date | None
    nights: int
    owner: str
    summary: str
    window: int = 1
    day: dt.date | None = None
    note: str = ""
    handled: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class NightLine:
    """What became of one day.

    Attributes:
        evaluated: whether metrics were computed for the day.
        reason: why not, if it was not: a line for what is wrong, and where it is known one for its cause.
        rows: rows of the log, before the quarantine.
        versions: versions seen in the log.
    """

    day: dt.date
    evaluated: bool
    reason: str
    rows: int
    versions: Sequence[str]

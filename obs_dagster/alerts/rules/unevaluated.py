"""A day that was not evaluated is an alert of its own, whatever rules the monitor has.

It lives like any other: it fires on the first such day, lasts while days go on like that, and ends once the
day, or a later one, is evaluated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Protocol

from obs_dagster.alerts.rules.observation import Observation
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.history import NightRecord
from obs_dagster.monitor import Monitor, Rule
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.quality.refusal import fact, in_one_line
from obs_dagster.sources.unreadable_log import UNREADABLE

NAME = "day not evaluated"
"""The rule's name, which no rule of a monitor can have."""

NOT_EVALUATED = "not_evaluated"
"""What the rule watches, in the place of a metric: 1 for a day that was not evaluated, else 0."""

SUBJECT = Subject(WHOLE, WHOLE, "")

EVALUATED_LATER = "The day was evaluated later."

RULE = Rule.model_construct(
    name=NAME,
    metric=NOT_EVALUATED,
    window=1,
    above=0.0,
    below=None,
    for_nights=1,
    min_rows=0,
    confident=False,
    columns=None,
    segments=(WHOLE,),
    versions=None,
    severity="critical",
    owner=None,
    summary="Nothing is known of the day. Mend the log or the monitor, and run the day again.",
)


def observations(monitor: Monitor, nights: Iterable[NightRecord]) -> list[Observation]:
    """What the rule sees of nights; a day without rows on which none are expected is not one of them."""
    return [
        Observation(
            night.day,
            value=0.0 if night.evaluated else 1.0,
            low=None,
            high=None,
            n=night.rows,
            reason=in_one_line(night.reason),
        )
        for night in nights
        if night.evaluated or refused(monitor, night.day, night)
    ]


class NotEvaluated(Protocol):
    """A day that was not evaluated: its rows, and why."""

    @property
    def rows(self) -> int: ...  # noqa: D102

    @property
    def reason(self) -> str: ...  # noqa: D102


def refused(monitor: Monitor, day: dt.date, found: NotEvaluated) -> bool:
    """Whether a day that was not evaluated should have been."""
    return found.rows > 0 or monitor.quality.expects_rows(day) or fact(found.reason) == UNREADABLE

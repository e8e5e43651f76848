"""What is asked of a night or an incident: about which component, and over which days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from obs_dagster.alerts.incidents.incident import Incident
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.causes.asked import Question
from obs_dagster.causes.states import OFF, Nights, alerts_by_component, in_breach

_LOOK_BACK = 7
"""Days of a longer window that may have led to its breach."""


def about_night(nights: Nights, day: dt.date, of: str | None = None) -> Question:
    """What is asked of a night: about the last component that is off, over the days that may have led there.

    Args:
        nights: the nights of the model.
        day: the night.
        of: the component to ask about; left out: the last one in the order of stages that is off.
    """
    breaches = {
        name: [each for each in alerts if each.window > 1 and in_breach(each, day)]
        for name, alerts in nights.alerts.items()
    }
    today = nights.between(day, day)
    off = [
        each.name
        for each, state in zip(nights.components, today, strict=True)
        if not each.ends and (state == OFF or breaches.get(each.name))
    ]
    about = of or (off[-1] if off else None)
    if about is None:
        return Question(day, day, None)
    by_day = about in [
        each.name for each, state in zip(nights.components, today, strict=True) if state == OFF
    ]
    own = breaches.get(about, [])
    if of is not None and not by_day and not own:
        return Question(day, day, None)
    if by_day or not own:
        return Question(day, day, about, _told(breaches))
    first, last = _days(own)
    return Question(first, min(last, day), about, _told({about: own}))


def about_incident(nights: Nights, incident: Incident) -> Question:
    """What is asked of an incident: about the last component that its alerts are of, over its beginning.

    Args:
        nights: the nights of the model.
        incident: the incident.
    """
    by_component = alerts_by_component(nights.components, incident.alerts)
    about = [each.name for each in nights.components if by_component[each.name] and not each.ends]
    if not about:
        # of days that were not evaluated no metric tells
        return about_night(nights, incident.since)
    first, last = _days(by_component[about[-1]])
    begun = {name: [each for each in alerts if each.since <= last] for name, alerts in by_component.items()}
    return Question(first, last, about[-1], _told(begun))


def _days(alerts: Sequence[Alert]) -> tuple[dt.date, dt.date]:
    """From the first day that may have led to it to the night on which it fired."""
    first = min(each.since - dt.timedelta(days=min(each.window, _LOOK_BACK) - 1) for each in alerts)
    since = min(each.since for each in alerts)
    fired = min((each.fired_day for each in alerts if each.fired_day), default=since)
    return first, max(since, fired)


def _told(alerts: dict[str, list[Alert]]) -> dict[str, list[str]]:
    return {name: list(_sentences(each)) for name, each in alerts.items() if each}


def _sentences(alerts: Iterable[Alert]) -> list[str]:
    return list(dict.fromkeys(f"the rule {each.rule} was in breach since {each.since}" for each in alerts))

"""What an alert is about, night by night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.judging import judge
from obs_dagster.alerts.rules.observation import Observation, Verdict
from obs_dagster.alerts.rules.series import read_series
from obs_dagster.history import History
from obs_dagster.monitor import Rule


@dataclass(frozen=True, slots=True)
class JudgedNight:
    """A night's value of what a rule watches, and what the rule says to it."""

    night: Observation
    verdict: Verdict


def lately(history: History, alert: Alert, rule: Rule, days: int) -> Sequence[JudgedNight]:
    """The last nights of an alert's subject, up to its end, by day; those without a record are left out.

    Args:
        history: the store.
        alert: the alert.
        rule: the rule that it is of, as it is now.
        days: how many days to go back.
    """
    first = alert.end - dt.timedelta(days=days - 1)
    with history.reading() as connection:
        found = read_series(connection, alert.model, [rule], first, alert.end)[rule.name]
    return [JudgedNight(night, judge(rule, night)) for night in found.get(alert.subject, ())]

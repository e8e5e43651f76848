"""Which alerts people are not told of because another one says why: inhibition.

While an alert fires whose rule `inhibits` others, people are not told of theirs that begin meanwhile, of
the same version. A day that was not evaluated inhibits all rules on that day by itself. What people know of
already goes on; what still fires when its cause is over is told then. An alert that is held back itself
holds back nothing, so that of rules that inhibit each other the first is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from obs_dagster.alerts.rules import unevaluated
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.fold import State
from obs_dagster.monitor import Rule
from obs_dagster.monitor.whole import WHOLE


def held(alerts: Iterable[Alert], rules: Sequence[Rule]) -> list[Alert]:
    """The alerts of a model, each with the rule that holds it back, if one does.

    Args:
        alerts: those that fire, or of which people have still to be told something.
        rules: the monitor's, in their order.
    """
    inhibits = {unevaluated.NAME: ("*",)} | {rule.name: rule.inhibits for rule in rules}
    order = {name: place for place, name in enumerate(inhibits)}

    def by(alert: Alert, causes: Iterable[Alert]) -> str:
        return next((each.rule for each in causes if _holds(each, alert, inhibits[each.rule])), "")

    known = list(alerts)
    left = [alert for alert in known if alert.state is State.FIRING and inhibits.get(alert.rule)]
    left.sort(key=lambda each: order[each.rule])
    causes: list[Alert] = []
    while left:
        # of those that hold each other back in a ring, the first
        next_one = next((each for each in left if not by(each, left)), left[0])
        left.remove(next_one)
        if not by(next_one, causes):
            causes.append(next_one)
    return [replace(alert, held_by=by(alert, causes)) for alert in known]


def _holds(cause: Alert, alert: Alert, patterns: Sequence[str]) -> bool:
    begun = alert.fired_day is not None and cause.fired_day is not None and cause.since <= alert.fired_day
    return (
        alert.state is State.FIRING
        and cause.rule != alert.rule
        and begun
        and cause.version in {alert.version, WHOLE}
        and any(fnmatchcase(alert.rule, pattern) for pattern in patterns)
    )

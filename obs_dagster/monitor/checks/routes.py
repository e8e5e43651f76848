"""Routes that lead nowhere, or that nothing could ever take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import rules
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.escalation import SEVERITIES
from obs_dagster.monitor.problem import Keys, Problem, quoted
from obs_dagster.monitor.route import HOURS, Weekday
from obs_dagster.monitor.routing import matches, minutes

#: What every notification of an alert has to match, beside the labels of its rule.
_ALWAYS = ("rule", "metric", "model_version", "segment", "column")
_NARROWING = ("models", "owners", "labels", "hours", "weekdays")


@dataclass(frozen=True, slots=True)
class _Written:
    """A route as it stands in the file, with those around it."""

    keys: Keys
    above: tuple[_Written, ...]
    before: tuple[_Written, ...]
    document: Document

    def of(self, key: str) -> Any:
        return self.document.value(*self.keys, key)

    def texts(self, key: str) -> list[str] | None:
        """A list of texts; None if it is left out, or is no such list, which the types tell."""
        found = self.of(key)
        sound = isinstance(found, list) and all(isinstance(each, str) for each in found)
        return found if sound and found else None

    @property
    def severities(self) -> set[str]:
        return set(self.texts("severities") or SEVERITIES)

    @property
    def open(self) -> frozenset[int]:
        hours = self.of("hours")
        weekdays = tuple(day for day in self.texts("weekdays") or () if day in get_args(Weekday))
        return minutes(hours if isinstance(hours, str) and re.match(HOURS, hours) else None, weekdays or None)


def urls(document: Document) -> Iterator[tuple[Keys, str]]:
    """The URLs of all routes, with their places."""
    for route in _routes(document):
        url = route.of("url")
        if isinstance(url, str):
            yield (*route.keys, "url"), url


def routes_lead_somewhere(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A route has a `url`, or `routes` below it."""
    for route in _routes(document):
        if route.of("url") is None and not document.items(*route.keys, "routes"):
            yield document.problem(
                route.keys, "This route leads nowhere: give it a `url`, or `routes` below it."
            )


def routes_can_take_something(document: Document, _: Surroundings) -> Iterator[Problem]:
    """No route is one that nothing could ever take."""
    for route in _routes(document):
        key, why = next(_never(route), ("", ""))
        if why:
            keys = (*route.keys, key) if key else route.keys
            yield document.problem(keys, f"This route can never take anything: {why}.")


def _never(route: _Written) -> Iterator[tuple[str, str]]:
    """Why nothing can take a route, by the key that says so."""
    document = route.document
    for earlier in route.before:
        takes_all = not any(earlier.of(key) for key in _NARROWING) and earlier.of("url") is not None
        if earlier.of("continue") is False and takes_all and route.severities <= earlier.severities:
            yield "", "the one before it takes all that it would, with `continue: false`"
    for outer in route.above:
        if not route.severities & outer.severities:
            yield "severities", f"the one above takes only {', '.join(sorted(outer.severities))}"
        if not route.open & outer.open:
            yield "hours" if route.of("hours") else "weekdays", "the one above is open at other times"
    model = document.text("model")
    models = route.texts("models")
    if model is not None and not matches(models, model):
        yield "models", f"the model of this file is {quoted(model)}"
    owners = sorted({document.text("owner") or "", *_of_rules(document, "owner")})
    if not any(matches(route.texts("owners"), owner) for owner in owners):
        yield "owners", f"owners are {', '.join(map(quoted, owners))}"
    yield from _labels(route)


def _labels(route: _Written) -> Iterator[tuple[str, str]]:
    wanted = route.of("labels")
    known: dict[str, set[str]] = {}
    for labels in _of_rules(route.document, "labels"):
        for name, value in labels.items() if isinstance(labels, dict) else ():
            known.setdefault(name, set()).add(str(value))
    for name, pattern in wanted.items() if isinstance(wanted, dict) else ():
        if name in _ALWAYS or not isinstance(pattern, str) or matches((pattern,), ""):
            continue
        if name not in known:
            yield "labels", f"no rule has the label {quoted(name)}"
        elif not any(matches((pattern,), value) for value in known[name]):
            values = ", ".join(map(quoted, sorted(known[name])))
            yield "labels", f"{quoted(name)} is {values}"


def _of_rules(document: Document, key: str) -> Iterator[Any]:
    for rule in rules(document):
        found = document.value(*rule, key)
        if found is not None:
            yield found


def _routes(document: Document, at: Keys = (), above: tuple[_Written, ...] = ()) -> Iterator[_Written]:
    """Every route, with those above it and those before it."""
    before: tuple[_Written, ...] = ()
    for index in range(len(document.items(*at, "routes"))):
        route = _Written((*at, "routes", index), above, before, document)
        yield route
        yield from _routes(document, route.keys, (*above, route))
        before = (*before, route)

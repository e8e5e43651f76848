"""In which component of the system an incident began, by what its spans took before and since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from obs_dagster.alerts.incidents.evidence import Evidence, usual_on
from obs_dagster.figures import percent
from obs_dagster.metrics.components.usage import REQUEST
from obs_dagster.monitor.whole import WHOLE

#: In spreads: what lies closer to what is usual is no evidence.
_ODD = 4.0


@dataclass(frozen=True, slots=True)
class _Sign:
    """A metric of components that tells of one that is not as usual.

    Attributes:
        metric: its name.
        rises: whether more of it is bad; else less.
        relative: the least part of what is usual by which it changed.
        least: the least by which it changed, in its own unit.
        adds_up: whether what components add to it adds up to what requests have, so that shares are told.
        told: what is said: `{value}` and `{usual}`, of shares `{part}` and `{usual_part}`.
        of: what the share is of, in words.
    """

    metric: str
    rises: bool
    relative: float
    least: float
    told: str
    adds_up: bool = False
    of: str = ""


_SIGNS = (
    _Sign(
        "component_own_time",
        rises=True,
        relative=0.2,
        least=5.0,
        told="requests wait {value:,.0f} ms for it, usually {usual:,.0f} ms",
        adds_up=True,
        of="what they take longer",
    ),
    _Sign(
        "component_failure_share",
        rises=True,
        relative=0.2,
        least=0.02,
        told="{part} of its calls fail by themselves, usually {usual_part}",
    ),
    _Sign(
        "component_tokens",
        rises=True,
        relative=0.2,
        least=1.0,
        told="it takes {value:,.0f} tokens of a request, usually {usual:,.0f}",
    ),
    _Sign(
        "component_use_share",
        rises=False,
        relative=0.2,
        least=0.02,
        told="{part} of the requests use it, usually {usual_part}",
    ),
)

SIGNS = tuple(each.metric for each in _SIGNS)
"""The metrics that tell in which component something began."""


@dataclass(frozen=True, slots=True)
class Began:
    """A component that is not as usual.

    Attributes:
        component: its name.
        day: the first day on which it was not.
        part: how much of what changed is its own, 0 to 1.
        told: what changed, in words.
    """

    component: str
    day: dt.date
    part: float
    told: str


@dataclass(frozen=True, slots=True)
class _Change:
    component: str
    day: dt.date
    value: float
    usual: float


def began(evidence: Evidence) -> list[Began]:
    """The components that are not as usual, those first where it likely began.

    What was off on an earlier day comes before what was later; of one day what explains more of the change.
    That requests fail or wait because of what they call is not counted to who waits: own times and failures
    are of the component itself.
    """
    found = [each for sign in _SIGNS for each in _by_sign(evidence, sign)]
    best: dict[str, Began] = {}
    for each in sorted(found, key=_likely):
        best.setdefault(each.component, each)
    return sorted(best.values(), key=_likely)


def _likely(each: Began) -> tuple[dt.date, float, str]:
    return each.day, -each.part, each.component


def _by_sign(evidence: Evidence, sign: _Sign) -> Iterator[Began]:
    changes = [
        change
        for component in evidence.columns(sign.metric, WHOLE)
        if (change := _first_odd(evidence, sign, component)) is not None
    ]
    whole = sum(abs(each.value - each.usual) for each in changes)
    for each in changes:
        away = abs(each.value - each.usual)
        part = away / whole if sign.adds_up else min(away / max(each.usual, each.value), 1.0)
        told = sign.told.format(
            value=each.value, usual=each.usual, part=percent(each.value), usual_part=percent(each.usual)
        )
        if sign.adds_up:
            told += f": {percent(part)} of {sign.of}"
        named = "requests themselves" if each.component == REQUEST else each.component
        yield Began(each.component, each.day, part, f"{named} since {each.day}: {told}")


def _first_odd(evidence: Evidence, sign: _Sign, component: str) -> _Change | None:
    """The first day of those that may have led to it on which a metric of a component was not as usual."""
    series = evidence.series.get((sign.metric, WHOLE, WHOLE, component), ())
    before: Sequence[tuple[dt.date, float]] = [
        (day, value) for day, value, _ in series if day < evidence.begins
    ] or [(day, value) for day, value, _ in series if day < evidence.since]
    for day, value, _ in series:
        if day < evidence.begins or (before and day <= before[-1][0]):
            continue
        band = usual_on(before, day)
        if band is None:
            continue
        away = (value - band.centre) * (1 if sign.rises else -1)
        least = max(sign.least, sign.relative * abs(band.centre))
        if away > least and abs(band.distance(value)) > _ODD:
            return _Change(component, day, value, band.centre)
    return None

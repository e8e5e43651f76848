"""What `obs doctor` says of the places that models' health is sent to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.cli.findings import Finding
from obs_dagster.errors import ObsError

if TYPE_CHECKING:
    from obs_dagster.exports.configured import Destination
    from obs_dagster.exports.told import Told
    from obs_dagster.settings import Settings

_QUIET = dt.timedelta(minutes=15)


def exports(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    """Each place: whether it can be used, took what it was sent last, and is told still."""
    if not settings.exports:
        return
    from obs_dagster.exports.configured import destinations
    from obs_dagster.exports.told import told

    for place in destinations(settings):
        wrong = _problem(place)
        yield (
            Finding("exports", place.label, "fail", wrong)
            if wrong
            else _stands(place, told(settings, place), now)
        )


def _problem(place: Destination) -> str:
    from obs_dagster.exports.way import problem_of

    try:
        return problem_of(place.url)
    except ObsError as error:
        return str(error)


def _stands(place: Destination, state: Told, now: dt.datetime) -> Finding:
    from obs_dagster.exports.way import way_of

    told = f"took {state.samples} samples {state.sent_at:%Y-%m-%d %H:%M} UTC" if state.sent_at else ""
    if state.error:
        again = f", next {state.again_at:%H:%M} UTC" if state.again_at else ""
        tried = "1 attempt" if state.attempts == 1 else f"{state.attempts} attempts"
        last = f"; {told}" if told else ""
        return Finding("exports", place.label, "fail", f"after {tried}{again}: {state.error}{last}")
    if state.sent_at is None:
        return Finding(
            "exports", place.label, "warn", "nothing sent yet: by the next night, or `obs metrics send`"
        )
    way = way_of(place.written)
    if way is not None and way.forgets and now - state.sent_at > _QUIET:
        return Finding("exports", place.label, "warn", f"{told}, and nothing since: is the daemon running?")
    return Finding("exports", place.label, "ok", told)

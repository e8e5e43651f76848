"""Send samples to every place: bounded in time, each place by itself, and what was sent is remembered.

Both the end of a night and a sensor that looks every minute do it. Twice is as good as once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.catalogue import readable_monitors
from obs_dagster.errors import ObsError
from obs_dagster.exports.changed_days import ChangedDay, changed_days, samples_of_day, with_days
from obs_dagster.exports.collect import collect
from obs_dagster.exports.configured import Destination, destinations
from obs_dagster.exports.sample import Sample
from obs_dagster.exports.told import Told, keep, told
from obs_dagster.exports.way import ExportError, KeepsDays, Way, problem_of, way_of
from obs_dagster.history import History
from obs_dagster.monitor import Monitor
from obs_dagster.secrets import scrub
from obs_dagster.settings import Settings
from obs_dagster.telemetry.event import Event

AGAIN = dt.timedelta(minutes=1)
"""How often a place is told that knows only what it is told again and again."""
LOOK = dt.timedelta(hours=1)
"""How often it is looked which days have changed where nothing of the present has."""
SECONDS = 10.0
"""How long all places together may take."""

_ERROR_LENGTH = 400


@dataclass(slots=True)
class Sent:
    """What became of one place.

    Attributes:
        label: the place, without secrets.
        samples, days: how many samples of the present it took, and how many days.
        error: why it did not take all, without secrets; empty if it did.
    """

    label: str
    samples: int = 0
    days: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Present:
    """What every place is told."""

    history: History
    monitors: Mapping[str, Monitor]
    samples: Sequence[Sample]
    digest: str
    series: int
    now: dt.datetime


@dataclass(slots=True)
class _Work:
    """One place, and how far it has come; its thread writes, the one that waits reads."""

    place: Destination
    state: Told
    result: Sent
    changes: dict[str, object] = field(default_factory=dict)
    days: list[ChangedDay] = field(default_factory=list)
    stopped: bool = False
    done: bool = False

    @property
    def way(self) -> Way | None:
        """How it is told."""
        return way_of(self.place.written)


def send_due(
    settings: Settings,
    history: History,
    now: dt.datetime,
    *,
    again: dt.timedelta = AGAIN,
    everything: bool = False,
    seconds: float = SECONDS,
) -> list[Sent]:
    """Send what is due to each place; none keeps another from it.

    Args:
        settings: which places there are.
        history: the store.
        now: the present (UTC).
        again: how often a place is told that knows only what it is told again and again.
        everything: also to places that have failed lately, and whatever was sent before.
        seconds: how long they may take together; one that is not done by then has failed, and what it took
            of days before is remembered.

    Raises:
        ObsError: the store or the folder of the monitors cannot be read.
    """
    work = [_Work(place, told(settings, place), Sent(place.label)) for place in destinations(settings)]
    work = [each for each in work if everything or _may_be_due(each, now, again)]
    if not work:
        return []
    found = readable_monitors(settings.monitors)
    series = settings.exports_series
    samples = collect(history, found.monitors, now, faulty=found.faulty, series=series)
    present = _Present(history, found.monitors, samples, digest_of(samples), series, now)
    due = [each for each in work if everything or _is_due(each, present)]
    _together(due, present, seconds)
    return [_settled(each, settings, now, seconds) for each in due]


def digest_of(samples: Sequence[Sample]) -> str:
    """What tells whether anything has changed but the time."""
    lines = (f"{each.name} {each.about} {each.value!r}" for each in samples if not each.gauge.by_time)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _may_be_due(work: _Work, now: dt.datetime, again: dt.timedelta) -> bool:
    if work.state.again_at is not None and work.state.again_at > now:
        return False
    return work.way is None or not work.way.forgets or _long_ago(work.state.sent_at, again, now)


def _is_due(work: _Work, present: _Present) -> bool:
    if work.way is None or work.way.forgets or work.state.digest != present.digest or work.state.error:
        return True
    return isinstance(work.way, KeepsDays) and _long_ago(work.state.looked_at, LOOK, present.now)


def _long_ago(moment: dt.datetime | None, span: dt.timedelta, now: dt.datetime) -> bool:
    # a sensor that ticks every minute comes a little early now and then
    return moment is None or now - moment >= 0.9 * span


def _together(due: Sequence[_Work], present: _Present, seconds: float) -> None:
    """Send to all places at once, and wait for them as long as they may take."""
    # a name server that never answers must not keep the process from ending
    threads = [
        threading.Thread(target=_guarded, args=(each, present), name="export", daemon=True) for each in due
    ]
    ends = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(ends - time.monotonic(), 0))
    for each in due:
        each.stopped = True


def _guarded(work: _Work, present: _Present) -> None:
    """Send to one place; whatever breaks in it is what it says."""
    try:
        _send(work, present)
    except Exception as error:  # noqa: BLE001  one place must not keep the others from anything
        said = f"{type(error).__name__}: {error}"
        if isinstance(error, ObsError):
            # what a refusal advises is about routes of notifications
            said = error.message if isinstance(error, ChannelError) else str(error)
        work.result.error = scrub(" ".join(said.split()))[:_ERROR_LENGTH]
    work.done = True


def _send(work: _Work, present: _Present) -> None:
    url = work.place.url
    way, wrong = way_of(url), problem_of(url)
    if way is None or wrong:
        raise ExportError(f"The place cannot be used. {wrong}")
    samples, now = present.samples, present.now
    way.send(url, samples, now)
    work.result.samples = len(samples)
    work.changes = {"sent_at": now, "samples": len(samples), "digest": present.digest}
    if not isinstance(way, KeepsDays):
        return
    for each in changed_days(present.history, present.monitors, work.state.days):
        if work.stopped:
            return
        of_day = samples_of_day(present.history, each.monitor, each.day, present.series)
        way.send_day(url, list(of_day), each.day)
        work.days.append(each)
        work.result.days += 1
    work.changes = {**work.changes, "looked_at": now}


_FAILED = Event(
    "obs_dagster.exports",
    "export failed",
    "warning",
    "A place did not take the samples of models' health; it is tried again.",
    {"place": "the place, without secrets", "error": "why"},
)

_NOT_REMEMBERED = Event(
    "obs_dagster.exports",
    "export not remembered",
    "warning",
    "How far an export has come could not be written down; it begins there again.",
    {"place": "the place, without secrets", "error": "why"},
)


def _settled(work: _Work, settings: Settings, now: dt.datetime, seconds: float) -> Sent:
    """Write down how far a place has come, and tell the log if it failed."""
    result = work.result
    done, days = work.done, list(work.days)
    if not done:
        further = f"; {len(days)} days are done, and it goes on from there" if days else ""
        result = Sent(result.label, result.samples, len(days), f"It took longer than {seconds:g} s{further}.")
    changes = {**work.changes, "days": with_days(work.state.days, days)}
    state = work.state
    state = state.failed(now, result.error, **changes) if result.error else state.succeeded(now, **changes)
    if result.error:
        _FAILED(place=result.label, error=result.error)
    try:
        keep(settings, work.place, state)
    except OSError as error:
        _NOT_REMEMBERED(place=result.label, error=error.strerror)
    return result

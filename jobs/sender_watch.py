"""Whether notifications are sent at all: the sender says so in a file, and that it fails in every way it can.

The outbox may be what is broken, so nothing here needs the store.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from obs_dagster.alerts.channels.registry import send
from obs_dagster.alerts.message import Message, laid_out, one_line
from obs_dagster.monitor import Monitor, Route
from obs_dagster.secrets import scrub
from obs_dagster.settings import Settings
from obs_dagster.telemetry.event import Event

TOLD_AGAIN = dt.timedelta(hours=6)
"""How often people are told of a sender that goes on to fail."""

_ERROR_LENGTH = 600

_CANNOT_SEND = Event(
    "obs_dagster.alerts",
    "notifications cannot be sent",
    "error",
    "The sender cannot work, so no alert reaches anybody until that is mended; none is lost.",
    {"error": "why"},
)

_NOT_TOLD = Event(
    "obs_dagster.alerts",
    "channel not told of it",
    "error",
    "The sender cannot work, and a channel could not be told of that either.",
    {"channel": "the channel, without secrets"},
)


@dataclass(frozen=True, slots=True)
class SenderState:
    """How the sender fared.

    Attributes:
        ran_at: when it ran last without failing; None if never.
        told_at: when people were told last that it fails; None if it does not.
        error: why it failed last; empty if it did not.
    """

    ran_at: dt.datetime | None
    told_at: dt.datetime | None
    error: str


def sender_state(settings: Settings) -> SenderState:
    """How the sender fared when it ran last; as if it never ran where its file is missing or damaged."""
    try:
        kept = json.loads(_place(settings).read_text(encoding="utf-8"))
        ran, told = (kept[name] and dt.datetime.fromisoformat(kept[name]) for name in ("ran_at", "told_at"))
        return SenderState(ran, told, str(kept["error"]))
    except (OSError, ValueError, KeyError, TypeError):
        return SenderState(None, None, "")


def sender_ran(settings: Settings, now: dt.datetime) -> None:
    """The sender has done its work."""
    _keep(settings, SenderState(now, None, ""))


def sender_failed(
    settings: Settings,
    monitors: Iterable[Monitor],
    error: BaseException,
    *,
    environ: Mapping[str, str],
    now: dt.datetime,
    sender: Callable[[str, Message], object] = send,
) -> None:
    """The sender cannot work: tell of it in the log, and past the outbox through every channel, now and then.

    Args:
        settings: where its state is kept.
        monitors: whose channels are told.
        error: why.
        environ: the environment variables that fill the secrets into URLs.
        now: the present (UTC).
        sender: sends a message to a URL, or raises.
    """
    why = one_line(scrub(str(error) or type(error).__name__))[:_ERROR_LENGTH]
    _CANNOT_SEND(error=why)
    before = sender_state(settings)
    told_at = before.told_at
    if told_at is None or now - told_at >= TOLD_AGAIN:
        told_at = now
        message = _message(why, now)
        for route in {route.url: route for each in monitors for route in each.channels}.values():
            _try(route, message, environ, sender)
    _keep(settings, SenderState(before.ran_at, told_at, why))


def _message(why: str, now: dt.datetime) -> Message:
    facts = {
        "error": why,
        "what it means": "No alert reaches anybody until this is mended; none is lost.",
        "what to do": "`obs doctor` says what is wrong; the daemon's log has the details.",
    }
    return Message(
        key=f"sender:{now:%Y-%m-%dT%H:%M}",
        event="firing",
        severity="critical",
        title="[critical] obs-dagster cannot send its notifications",
        body=laid_out("SENDER FAILS", facts),
        details={"event": "sender_failed", "severity": "critical"},
        thread="sender",
        facts=facts,
        ends=False,
    )


def _try(
    route: Route, message: Message, environ: Mapping[str, str], sender: Callable[[str, Message], object]
) -> None:
    try:
        sender(route.resolve(environ), message)
    except Exception:  # noqa: BLE001  # one channel that is down must not keep it from the others
        _NOT_TOLD(channel=route.label)


def _keep(settings: Settings, state: SenderState) -> None:
    place = _place(settings)
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_suffix(".new")
    moments = {"ran_at": state.ran_at, "told_at": state.told_at}
    written = {name: moment and moment.isoformat() for name, moment in moments.items()}
    aside.write_text(json.dumps({**written, "error": state.error}), encoding="utf-8")
    aside.replace(place)


def _place(settings: Settings) -> Path:
    return settings.root / "sender.json"

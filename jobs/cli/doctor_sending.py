"""What `obs doctor` says of notifications: the sender, what waits, and the heartbeats."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.cli.findings import Finding, Status

if TYPE_CHECKING:
    from jobs.sender_watch import SenderState
    from obs_dagster.alerts import Undelivered
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

_QUIET = dt.timedelta(minutes=15)
"""A sender that did nothing for so long does not run; it does something twice a minute."""


def sending(history: History, settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    """Whether notifications are sent, what was not, and whether somebody watches from outside."""
    from jobs.sender_watch import sender_state
    from obs_dagster.alerts import undelivered, unheard
    from obs_dagster.alerts.outbox.threads import unrenewed

    waiting = undelivered(history)
    yield from _sender(sender_state(settings), waiting, now)
    yield from _outbox(waiting)
    for error, count in unrenewed(history).items():
        yield Finding(
            "notifications", "renewal", "fail", f"{count} not repeated where they are forgotten: {error}"
        )
    for model, error in unheard(history).items():
        yield Finding(model, "heartbeat", "fail", f"was not told of the last night: {error}")


def _sender(state: SenderState, waiting: list[Undelivered], now: dt.datetime) -> Iterator[Finding]:
    if state.error:
        yield Finding("notifications", "sender", "fail", f"fails: {state.error}")
    elif state.ran_at is not None:
        quiet = now - state.ran_at > _QUIET
        status: Status = ("fail" if waiting else "warn") if quiet else "ok"
        told = f"ran last {state.ran_at:%Y-%m-%d %H:%M} UTC"
        yield Finding("notifications", "sender", status, f"{told}: is the daemon running?" if quiet else told)


def _outbox(waiting: list[Undelivered]) -> Iterator[Finding]:
    """Each channel that failed, with how much waits for it; then what nobody has tried to send yet."""
    failed: dict[str, list[Undelivered]] = {}
    for each in waiting:
        if each.attempts:
            failed.setdefault(each.label, []).append(each)
    for label, held in failed.items():
        worst = max(held, key=lambda each: each.attempts)
        why = worst.last_error or "not confirmed"
        again = f", next {worst.next_attempt_at:%H:%M} UTC" if worst.next_attempt_at else ""
        tried = "1 attempt" if worst.attempts == 1 else f"{worst.attempts} attempts"
        detail = f"{len(held)} undelivered; {label} after {tried}{again}: {why}"
        yield Finding("notifications", "outbox", "fail", detail)
    left = len(waiting) - sum(map(len, failed.values()))
    if left:
        detail = f"{left} wait to be sent; the daemon of `obs dev` sends them"
        yield Finding("notifications", "outbox", "warn", detail)
    if not waiting:
        yield Finding("notifications", "outbox", "ok", "all delivered")

"""Deliver what waits in the outbox through the routes of the monitors."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from obs_dagster import secrets
from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.registry import send
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.examples import Examples, no_examples, with_examples
from obs_dagster.alerts.linked import linked
from obs_dagster.alerts.message import TRACE_ID, Message, one_line
from obs_dagster.alerts.outbox import entries, threads
from obs_dagster.alerts.outbox.dead import NOT_THROUGH
from obs_dagster.alerts.outbox.entries import FIRST_RETRY, Claim, Entry
from obs_dagster.alerts.outbox.scrub import scrub
from obs_dagster.errors import ObsError
from obs_dagster.history import History
from obs_dagster.links import NO_LINKS, Links
from obs_dagster.monitor import Route
from obs_dagster.monitor.routing import Notice, destinations, every_route
from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.traces import Span, part_of_trace

Clock = Callable[[], dt.datetime]
Sender = Callable[[str, Message, Thread], Taken]

FALLBACK = Route(url="log://")
"""Where a notification goes that no route of its monitor wants: nothing is silent."""

_ERROR_LENGTH = 500


_KEYS = {
    "key": "the notification's key: alert, what happens, how often",
    "channel": "the channel, without secrets",
    "model": "the model that it is about",
}

_DELIVERED = Event(
    "obs_dagster.alerts", "notification delivered", "info", "A channel has taken a notification.", _KEYS
)

_NOT_TAKEN = Event(
    "obs_dagster.alerts",
    "notification not taken",
    "warning",
    "A channel did not take a notification. It is tried again, with growing pauses, until it does.",
    {**_KEYS, "error": "why, without secrets"},
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A channel that didn't take a notification.

    Attributes:
        key: the notification's key.
        label: the channel, without secrets.
        error: why, without secrets.
    """

    key: str
    label: str
    error: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one delivery run did.

    Attributes:
        delivered: notifications taken, counted once per channel.
        failures: one per channel that failed; it is left alone for the rest of the run.
        waiting: notifications that wait for a channel's next attempt, counted once per channel.
    """

    delivered: int
    failures: tuple[Failure, ...]
    waiting: int


def utc_now() -> dt.datetime:
    """The present, in UTC."""
    return dt.datetime.now(dt.UTC)


def deliver(
    history: History,
    routes: Mapping[str, Sequence[Route]],
    *,
    environ: Mapping[str, str],
    clock: Clock = utc_now,
    sender: Sender = send,
    links: Links = NO_LINKS,
    examples: Examples = no_examples,
    zones: Mapping[str, dt.tzinfo] = MappingProxyType({}),
) -> DeliveryReport:
    """Send each waiting notification through each route that wants it.

    What follows in a thread goes where its beginning went: the time of that is what routes are asked about.

    Every channel gets a notification at least once, with a key that tells repetitions; twice only if a
    sender dies between sending and noting it. Several may deliver at once. What fails is tried again with
    growing pauses, for ever; other channels don't wait for it. A channel that failed is left alone for the
    rest of the run, so that a dead one costs one time-out; one that asked for a pause is left alone until
    it is over. A channel gets a thread's messages in their order, and where it forgets, its last one again.

    Args:
        history: the store.
        routes: per model, its routes. Notifications of other models stay in the outbox.
        environ: the environment variables that fill the secrets into the routes' URLs.
        clock: tells the present (UTC); leases and pauses are counted from it.
        sender: sends one message of a thread to one URL, or raises.
        links: the addresses that messages lead to.
        examples: requests that show what messages are about.
        zones: per model, the time zone of its routes' hours; left out: UTC.
    """
    every = {
        model: _by_id(route for _, route in every_route(tree) if route.url) for model, tree in routes.items()
    }
    run = _Run(history, environ, clock, sender, lambda message: _shown(message, links, examples))
    for entry in entries.waiting(history, routes.keys()):
        begun = entries.beginning(history, entry)
        at = begun.at.astimezone(zones.get(entry.model, dt.UTC))
        wanted = _by_id(route for _, route in destinations(routes[entry.model], notice_of(entry.message, at)))
        told = {id_: route for id_, route in every[entry.model].items() if id_ in begun.told}
        through = {**told, **wanted}
        through.pop(entry.message.details.get(NOT_THROUGH, ""), None)
        run.deliver(entry, through or _by_id([FALLBACK]))
    run.renew(every)
    return DeliveryReport(run.delivered, tuple(run.failures), run.waiting)


def notice_of(message: Message, at: dt.datetime) -> Notice:
    """What routes look at of a message that is told first at a time."""
    details = message.details
    return Notice(
        severity=message.severity,
        model=details.get("model", ""),
        owner=details.get("owner", ""),
        at=at,
        labels={**details, **message.labels},
    )


class _Run:
    """One delivery run: what it did, and which channels it leaves alone."""

    def __init__(
        self,
        history: History,
        environ: Mapping[str, str],
        clock: Clock,
        sender: Sender,
        shown: Callable[[Message], Message],
    ) -> None:
        self._history = history
        self._environ = environ
        self._clock = clock
        self._sender = sender
        self._shown = shown
        self._dead = set(entries.paused(history, clock()))
        self._behind: set[tuple[str, str]] = set()
        self.delivered = 0
        self.failures: list[Failure] = []
        self.waiting = 0

    def deliver(self, entry: Entry, routes: Mapping[str, Route]) -> None:
        """One notification through all of its routes."""
        through = True
        for route_id, route in routes.items():
            if not self._through(entry, route_id, route):
                # An alert's end must not arrive before its beginning.
                self._behind.add((route_id, entry.message.thread))
                self.waiting += 1
                through = False
        if through:
            entries.settle(self._history, entry, routes.keys(), self._clock())

    def renew(self, routes: Mapping[str, Mapping[str, Route]]) -> None:
        """Send the last messages of threads again to channels that forget; not of routes that are gone."""
        for each in threads.due(self._history, routes.keys(), self._clock()):
            route = routes[each.model].get(each.route)
            if route is None or each.route in self._dead:
                continue
            outcome = self._attempt(each.message, route, Thread(each.names, again=True))
            now = self._clock()
            if isinstance(outcome, Taken):
                again = None if outcome.renew_in is None else now + outcome.renew_in
                threads.renewed(self._history, each, again_at=again)
            else:
                self._gave_up(each.route, each.message, route, outcome)
                pause = outcome.retry_after or FIRST_RETRY
                threads.renewed(self._history, each, again_at=now + pause, error=outcome.why)

    def _through(self, entry: Entry, route_id: str, route: Route) -> bool:
        """Whether the notification has gone through the route, now or before."""
        thread = entry.message.thread
        if route_id in self._dead or (route_id, thread) in self._behind:
            return False
        claimed = entries.claim(self._history, entry, route_id, route.label, self._clock())
        if claimed in (Claim.DONE, Claim.LATER):
            return claimed is Claim.DONE
        known = threads.names_of(self._history, route_id, thread)
        outcome = self._attempt(entry.message, route, Thread(known, again=claimed is Claim.AGAIN))
        now = self._clock()
        if not isinstance(outcome, Taken):
            self._gave_up(route_id, entry.message, route, outcome)
            entries.failed(
                self._history,
                entry,
                route_id,
                outcome.why,
                now,
                retry_after=outcome.retry_after,
                names=outcome.names,
            )
            return False
        entries.delivered(self._history, entry, route_id, outcome, now)
        _DELIVERED(**_about(entry.message, route))
        self.delivered += 1
        return True

    def _gave_up(self, route_id: str, message: Message, route: Route, refused: _Refused) -> None:
        """Leave a channel alone for the rest of the run."""
        self._dead.add(route_id)
        _NOT_TAKEN(**_about(message, route), error=refused.why)
        self.failures.append(Failure(message.key, route.label, refused.why))

    def _attempt(self, message: Message, route: Route, thread: Thread) -> Taken | _Refused:
        """What the channel said when it took the message, or why it did not, without secrets."""
        try:
            url = route.resolve(self._environ)
        except ObsError as error:
            return _Refused(str(error))
        try:
            with _sending(message, route):
                return self._sender(url, self._shown(message), thread)
        except Exception as error:  # noqa: BLE001  # whatever breaks in one channel must not stop the others
            reason = str(error) or type(error).__name__
            why = secrets.scrub(scrub(one_line(reason), url, route.label))[:_ERROR_LENGTH]
            if isinstance(error, ChannelError):
                return _Refused(why, error.retry_after, error.names)
            return _Refused(why)


def _shown(message: Message, links: Links, examples: Examples) -> Message:
    """The message with what is known of it when it is sent."""
    return linked(with_examples(message, examples(message.details), links), links)


def _about(message: Message, route: Route) -> dict[str, str]:
    trace = message.details.get(TRACE_ID)
    about = {"model": message.details.get("model", ""), "key": message.key, "channel": route.label}
    return {**about, "trace_id": trace} if trace else about


def _sending(message: Message, route: Route) -> AbstractContextManager[Span]:
    """The span of an attempt, below the night that the message is of."""
    return part_of_trace(
        message.details.get(TRACE_ID, ""),
        "deliver",
        model=message.details.get("model"),
        messaging=urlsplit(route.url).scheme,
        channel=route.label,
        message=message.key,
        attempt="send",
    )


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why a route could not be used, without secrets, and what its channel asks for."""

    why: str
    retry_after: dt.timedelta | None = None
    names: Mapping[str, str] | None = None


def _by_id(routes: Iterable[Route]) -> dict[str, Route]:
    """Routes by what they are called in the store: those with the same URL are one channel."""
    return {_route_id(route): route for route in routes}


def _route_id(route: Route) -> str:
    """Names the channel in the store: stays when a secret in the environment changes, and tells none."""
    return hashlib.sha256(route.url.encode()).hexdigest()[:16]

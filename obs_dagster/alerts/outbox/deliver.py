"""Deliver what waits in the outbox through the routes of the monitors."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from obs_dagster import secrets
from obs_dagster.alerts.channels.registry import send
from obs_dagster.alerts.linked import linked
from obs_dagster.alerts.message import Message, one_line
from obs_dagster.alerts.outbox import entries
from obs_dagster.alerts.outbox.entries import Claim, Entry
from obs_dagster.alerts.outbox.scrub import scrub
from obs_dagster.errors import ObsError
from obs_dagster.history import History
from obs_dagster.links import NO_LINKS, Links
from obs_dagster.monitor import Route

Clock = Callable[[], dt.datetime]
Sender = Callable[[str, Message], None]

FALLBACK = Route(url="log://")
"""Where a notification goes that no route of its monitor wants: nothing is silent."""

_ERROR_LENGTH = 500


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
) -> DeliveryReport:
    """Send each waiting notification through each route that wants its severity.

    Every channel gets a notification at least once, with a key that tells repetitions; twice only if a
    sender dies between sending and noting it. Several may deliver at once. What fails is tried again with
    growing pauses, for ever; other channels don't wait for it. A channel that failed is left alone for the
    rest of the run, so that a dead one costs one time-out. It gets an alert's messages in their order.

    Args:
        history: the store.
        routes: per model, its routes. Notifications of other models stay in the outbox.
        environ: the environment variables that fill the secrets into the routes' URLs.
        clock: tells the present (UTC); leases and pauses are counted from it.
        sender: sends one message to one URL, or raises.
        links: the addresses that messages lead to.
    """
    run = _Run(history, environ, clock, sender, links)
    for entry in entries.waiting(history, routes.keys()):
        wanted = [route for route in routes[entry.model] if entry.message.severity in route.severities]
        # Routes with the same URL are one channel.
        run.deliver(entry, {_route_id(route): route for route in wanted or [FALLBACK]})
    return DeliveryReport(run.delivered, tuple(run.failures), run.waiting)


class _Run:
    """One delivery run: what it did, and which channels it leaves alone."""

    def __init__(
        self, history: History, environ: Mapping[str, str], clock: Clock, sender: Sender, links: Links
    ) -> None:
        self._history = history
        self._environ = environ
        self._clock = clock
        self._sender = sender
        self._links = links
        self._dead: set[str] = set()
        self._behind: set[tuple[str, str | None]] = set()
        self.delivered = 0
        self.failures: list[Failure] = []
        self.waiting = 0

    def deliver(self, entry: Entry, routes: Mapping[str, Route]) -> None:
        """One notification through all of its routes."""
        for route_id, route in routes.items():
            if not self._through(entry, route_id, route):
                # An alert's end must not arrive before its beginning.
                self._behind.add((route_id, entry.alert_id))
                self.waiting += 1
        entries.settle(self._history, entry, routes.keys(), self._clock())

    def _through(self, entry: Entry, route_id: str, route: Route) -> bool:
        """Whether the notification has gone through the route, now or before."""
        if route_id in self._dead or (route_id, entry.alert_id) in self._behind:
            return False
        claimed = entries.claim(self._history, entry, route_id, route.label, self._clock())
        if claimed is not Claim.MINE:
            return claimed is Claim.DONE
        error = self._attempt(entry.message, route)
        if error is not None:
            self._dead.add(route_id)
            self.failures.append(Failure(entry.message.key, route.label, error))
            entries.failed(self._history, entry, route_id, error, self._clock())
            return False
        entries.delivered(self._history, entry, route_id, self._clock())
        self.delivered += 1
        return True

    def _attempt(self, message: Message, route: Route) -> str | None:
        """Why the route couldn't be used, without secrets; None if it could."""
        try:
            url = route.resolve(self._environ)
        except ObsError as error:
            return str(error)
        try:
            self._sender(url, linked(message, self._links))
        except Exception as error:  # noqa: BLE001  # whatever breaks in one channel must not stop the others
            reason = str(error) or type(error).__name__
            return secrets.scrub(scrub(one_line(reason), url, route.label))[:_ERROR_LENGTH]
        return None


def _route_id(route: Route) -> str:
    """Names the channel in the store: stays when a secret in the environment changes, and tells none."""
    return hashlib.sha256(route.url.encode()).hexdigest()[:16]

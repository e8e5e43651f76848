"""Looks whether the channels of a monitor can be used, without sending anything."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator

from jobs.cli.findings import Finding
from obs_dagster.errors import ObsError
from obs_dagster.monitor import Monitor, Route
from obs_dagster.secrets import scrub

_SECONDS = 3.0


def readable_routes(monitor: Monitor) -> Iterator[Finding]:
    """Each route: whether there is a channel for its URL, which can read it."""
    yield from _findings(monitor, _unreadable)
    yield from _heartbeat(monitor)


def routes(monitor: Monitor) -> Iterator[Finding]:
    """Each route: whether there is a channel for its URL, which can read it, and whether its host answers."""
    yield from _findings(monitor, lambda route, url: _unreadable(route, url) or _silent(url))
    yield from _heartbeat(monitor)


def _findings(monitor: Monitor, wrong: Callable[[Route, str], str]) -> Iterator[Finding]:
    for route in monitor.channels:
        try:
            problem = wrong(route, route.resolve(os.environ))
        except ObsError as error:
            problem = str(error)
        detail = f"{route.label}: {problem}" if problem else route.label
        yield Finding(monitor.model, "route", "fail" if problem else "ok", detail)


def _heartbeat(monitor: Monitor) -> Iterator[Finding]:
    """Whether the URL of the heartbeat is one; it is not called."""
    from obs_dagster.alerts.heartbeats.registry import problem_of
    from obs_dagster.monitor.secret_url import label_of, resolved

    if not monitor.heartbeat:
        return
    try:
        problem = problem_of(resolved(monitor.heartbeat, os.environ))
    except ObsError as error:
        problem = str(error)
    label = label_of(monitor.heartbeat)
    detail = f"{label}: {problem}" if problem else label
    yield Finding(monitor.model, "heartbeat", "fail" if problem else "ok", detail)


def _unreadable(route: Route, url: str) -> str:
    """Why no channel takes the URL, if so."""
    from obs_dagster.alerts.channels.registry import CHANNELS, channel_of, scheme_of

    channel = channel_of(url)
    if channel is not None:
        return channel.problem(url)
    scheme = scheme_of(url)
    known = {scheme for each in CHANNELS.all().values() for scheme in each.schemes()}
    return _unknown(scheme, known, written=route.url.lower().startswith(f"{scheme}://"))


def _unknown(scheme: str, known: set[str], *, written: bool) -> str:
    """That there is no such channel; only a scheme that the monitor file has is certainly no secret."""
    from obs_dagster.monitor.problem import nearest, quoted

    if not written:
        return "the variable's value does not begin with the scheme of a channel, such as slack://"
    meant = nearest(scheme, known)
    hint = f" Did you mean {quoted(meant)}?" if meant else " See https://appriseit.com/services/."
    return f"there is no channel {quoted(scheme)}.{hint}"


def _silent(url: str) -> str:
    """Why the host that the URL names does not answer, if so."""
    from obs_dagster.alerts.channels.registry import channel_of

    channel = channel_of(url)
    named = channel.host(url) if channel is not None else None
    if named is None:
        return ""
    host, port = named
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        return scrub(f"{host}:{port} does not answer ({error.strerror or error})")
    return ""

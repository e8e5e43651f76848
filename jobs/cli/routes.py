"""Looks whether the channels of a monitor can be used, without sending anything."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator

from jobs.cli.findings import Finding
from obs_dagster.errors import ObsError
from obs_dagster.monitor import Monitor, Route
from obs_dagster.secrets import scrub

_SECONDS = 3.0
_PORTS = {"json": 80, "jsons": 443, "xml": 80, "xmls": 443, "form": 80, "forms": 443}
"""Of schemes whose URL names the host that is sent to; other services have hosts of their own."""


def readable_routes(monitor: Monitor) -> Iterator[Finding]:
    """Each route: whether there is a channel for its URL, which can read it."""
    return _findings(monitor, _unreadable)


def routes(monitor: Monitor) -> Iterator[Finding]:
    """Each route: whether there is a channel for its URL, which can read it, and whether its host answers."""
    return _findings(monitor, lambda route, url: _unreadable(route, url) or _silent(url))


def _findings(monitor: Monitor, wrong: Callable[[Route, str], str]) -> Iterator[Finding]:
    for route in monitor.routes:
        try:
            problem = wrong(route, route.resolve(os.environ))
        except ObsError as error:
            problem = str(error)
        detail = f"{route.label}: {problem}" if problem else route.label
        yield Finding(monitor.model, "route", "fail" if problem else "ok", detail)


def _unreadable(route: Route, url: str) -> str:
    """Why no channel takes the URL, if so."""
    from obs_dagster.alerts.channels.registry import CHANNELS

    scheme = _scheme(url)
    if scheme in CHANNELS:
        return ""
    from apprise import Apprise, NotificationManager

    known = {*CHANNELS, *NotificationManager().schemas()}  # type: ignore[no-untyped-call]
    if scheme not in known:
        return _unknown(scheme, known, written=route.url.lower().startswith(f"{scheme}://"))
    # what it says there may quote the URL
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    if Apprise.instantiate(url) is None:
        return f"{scheme}:// cannot be used with the rest of this URL; see https://appriseit.com/services/"
    return ""


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
    scheme = _scheme(url)
    if scheme not in _PORTS:
        return ""
    from apprise import Apprise

    service = Apprise.instantiate(url)
    if service is None:
        return ""
    port = service.port or _PORTS[scheme]
    try:
        socket.create_connection((service.host, port), timeout=_SECONDS).close()
    except OSError as error:
        return scrub(f"{service.host}:{port} does not answer ({error.strerror or error})")
    return ""


def _scheme(url: str) -> str:
    scheme, separator, _ = url.partition("://")
    return scheme.lower() if separator else ""

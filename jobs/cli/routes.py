"""Looks whether the channels of a monitor can be used, without sending anything."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator

from jobs.cli.findings import Finding
from obs_dagster.errors import ObsError
from obs_dagster.monitor import Monitor, Route
from obs_dagster.secrets import scrub

_SECONDS = 3.0
_PORTS = {"json": 80, "jsons": 443, "xml": 80, "xmls": 443, "form": 80, "forms": 443}
"""Of schemes whose URL names the host that is sent to; other services have hosts of their own."""


def routes(monitor: Monitor) -> Iterator[Finding]:
    """Each route: whether its variables are set, its URL can be read, and its host answers."""
    for route in monitor.routes:
        wrong = _wrong(route)
        detail = f"{route.label}: {wrong}" if wrong else route.label
        yield Finding(monitor.model, "route", "fail" if wrong else "ok", detail)


def _wrong(route: Route) -> str:
    try:
        url = route.resolve(os.environ)
    except ObsError as error:
        return str(error)
    scheme = url.partition("://")[0].lower()
    if scheme == "log":
        return ""
    from apprise import Apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    service = Apprise.instantiate(url)
    if service is None:
        return "Apprise cannot read its URL; see https://appriseit.com/services/"
    if scheme not in _PORTS:
        return ""
    port = service.port or _PORTS[scheme]
    try:
        socket.create_connection((service.host, port), timeout=_SECONDS).close()
    except OSError as error:
        return scrub(f"{service.host}:{port} does not answer ({error.strerror or error})")
    return ""

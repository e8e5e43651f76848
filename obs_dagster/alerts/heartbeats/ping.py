"""`https://hc-ping.com/UUID`: a page that is called after each night; if that failed, with `/fail` behind it.

That is how healthchecks.io does it, hosted or one's own. Services that know no failure (Uptime Kuma, Dead
Man's Snitch) get `#fail=no`: nobody calls then, which they notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from obs_dagster.alerts.channels.request import request
from obs_dagster.alerts.heartbeats.night import Night

_WRITTEN = "It is written https://HOST/PATH, and after # may stand method=GET or POST and fail=yes or no"
_LEGAL = {"method": ("POST", "GET"), "fail": ("yes", "no")}


class Ping:
    """Calls a page."""

    name = "ping"

    def schemes(self) -> frozenset[str]:
        """Pages."""
        return frozenset({"http", "https"})

    def tell(self, url: str, night: Night) -> None:
        """Call the page, with a line about the night as its body."""
        options = _options(url)
        if night.failed and options["fail"] == "no":
            return
        parts = urlsplit(url)
        path = f"{parts.path.rstrip('/')}/fail" if night.failed else parts.path
        place = urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
        posts = options["method"] == "POST"
        request(
            options["method"], place, content=f"{night.model}: {night.told}\n".encode() if posts else None
        )

    def problem(self, url: str) -> str:
        """A page has a host, and the options are known ones."""
        try:
            host = urlsplit(url).hostname
        except ValueError:
            host = None
        known = all(value in _LEGAL.get(name, ()) for name, value in _options(url).items())
        return "" if host and known else f"{_WRITTEN}."


def _options(url: str) -> Mapping[str, str]:
    given = dict(parse_qsl(url.partition("#")[2], keep_blank_values=True))
    return {name: values[0] for name, values in _LEGAL.items()} | given


HEARTBEAT = Ping()

"""What a URL of a place says: the address without secrets, the secrets, and the options after `?`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """A URL taken apart.

    Attributes:
        scheme: in lower case.
        host, port: empty and None if it names none.
        path: with the slash that it begins with; empty if there is none.
        user, password: without percent-encoding.
        options: what stands after `?`.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    user: str = ""
    password: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, url: str) -> Address:
        """Take a URL apart.

        Raises:
            ValueError: it is none, or its port is no number.
        """
        parts = urlsplit(url)
        return cls(
            parts.scheme.lower(),
            parts.hostname or "",
            parts.port,
            unquote(parts.path),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
        )

    @property
    def place(self) -> str:
        """Host and port, as URLs have them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    def page(self, *, path: str, ours: tuple[str, ...] = ()) -> str:
        """The page of an address like `influx+https://…`, without user and password.

        Args:
            path: its path where the address has none.
            ours: the options that are not part of it.
        """
        scheme = self.scheme.rpartition("+")[2]
        given = self.path if self.path.strip("/") else path
        rest = {name: text for name, text in self.options.items() if name not in ours}
        return f"{scheme}://{self.place}{given}{f'?{urlencode(rest)}' if rest else ''}"


def wrong(url: str, written: str, *, host: bool = True, options: tuple[str, ...] | None = ()) -> str:
    """Why a URL is not as `written` says; empty if it is. `options` are those it may have, None for any.

    Raises:
        ValueError: it is none.
    """
    found = Address.of(url)
    legal = options is None or set(found.options) <= set(options)
    return "" if legal and bool(found.host) == host else f"It is written {written}."


def label_of(url: str) -> str:
    """Scheme and host, or the path of a file, for logs and pages: never credentials, nor what may be some.

    >>> label_of("redis://:hush@cache.example:6379/0?prefix=obs"), label_of("textfile:///var/obs.prom")
    ('redis://cache.example:6379', 'textfile:///var/obs.prom')
    >>> label_of("influx+https://${TOKEN}@influx.example/api"), label_of("hush")
    ('influx+https://influx.example', '…')
    """
    try:
        found = Address.of(re.sub(r"\$\{\w+\}", "x", url) if "@" in url else url)
    except ValueError:
        return "…"
    if not found.scheme or "://" not in url:
        return "…"
    return f"{found.scheme}://{found.place or found.path}"

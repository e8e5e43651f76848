"""How the URL of a channel is written, and what is read from it.

There are two forms. Of a service that names no host of ours the URL holds what it gave: `slack-bot://TOKEN/CHANNEL`.
Where the service gave an address, or is at one of yours, its kind and a plus stand before it:
`teams+https://…`. What is meant for the channel itself comes after a `#`: `#name=value&name=value`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from obs_dagster.alerts.channels.error import ChannelError

_PORTS = {"http": 80, "https": 443, "smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL says.

    Attributes:
        base: where requests go, `https://host:port`, and the path of a service's own interface.
        path: what follows, without the slashes around it.
        query: what follows a `?`, as it was written.
        user, password: what stands before the host.
        words: what the service gave, by name.
        options: what is meant for the channel, with the defaults of what was left out.
    """

    base: str
    path: str = ""
    query: str = ""
    user: str = ""
    password: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> tuple[str, int]:
        """Host and port of its base."""
        parts = urlsplit(self.base)
        return parts.hostname or "", parts.port or _PORTS[parts.scheme]

    @property
    def whole(self) -> str:
        """Base, path and query."""
        return f"{self.base}/{self.path}".rstrip("/") + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a channel's URLs.

    Attributes:
        kind: what they begin with.
        words: what the service gave, in the order in which it stands between slashes.
        api: where the service is, if the URL does not say so; `#api=` names another place.
        options: what may come after `#`, with its default.
        example: a URL, to show.
        transports: what may follow the plus.
    """

    kind: str
    example: str
    words: tuple[str, ...] = ()
    api: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    transports: tuple[str, ...] = ("http", "https")

    @property
    def schemes(self) -> frozenset[str]:
        """What stands before `://`."""
        return frozenset({self.kind} if self.api else {f"{self.kind}+{each}" for each in self.transports})

    def read(self, url: str) -> Address:
        """What a URL says.

        Raises:
            ChannelError: it is not of this form; the error does not quote it.
        """
        whole, _, fragment = url.partition("#")
        scheme, _, rest = whole.partition("://")
        options = self._options(fragment)
        try:
            return self._by_words(rest, options) if self.api else self._by_host(scheme, rest, options)
        except ValueError as error:
            # urlsplit may quote what it cannot read
            raise self._wrong("its host or port cannot be read") from error

    def _options(self, fragment: str) -> dict[str, str]:
        known = {**self.options, **({"api": self.api} if self.api else {})}
        given = dict(parse_qsl(fragment, keep_blank_values=True))
        if given.keys() - known.keys() or bool(fragment) != bool(given):
            legal = ", ".join(known) or "nothing"
            raise self._wrong(f"after # may stand name=value, names being: {legal}")
        return {**known, **given}

    def _by_words(self, rest: str, options: Mapping[str, str]) -> Address:
        given = [unquote(word) for word in rest.partition("?")[0].strip("/").split("/")]
        if len(given) != len(self.words) or not all(given):
            raise self._wrong(f"it needs {' and '.join(self.words)}")
        parts = urlsplit(options["api"])
        if parts.scheme not in self.transports or not parts.hostname or parts.port == 0:
            raise self._wrong("its api has to be an http(s) address")
        words = dict(zip(self.words, given, strict=True))
        return Address(options["api"].rstrip("/"), words=words, options=options)

    def _by_host(self, scheme: str, rest: str, options: Mapping[str, str]) -> Address:
        own = scheme.lower().removeprefix(f"{self.kind}+")
        parts = urlsplit(f"{own}://{rest}")
        if own not in self.transports or not parts.hostname or parts.port == 0:
            raise self._wrong("it names no host")
        path = parts.path.strip("/")
        given = path.split("/") if path else []
        if self.words and len(given) != len(self.words):
            raise self._wrong(f"after its host it needs {' and '.join(self.words)}")
        return Address(
            f"{own}://{parts.netloc.rpartition('@')[2]}",
            path,
            parts.query,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            dict(zip(self.words, map(unquote, given), strict=False)),
            options,
        )

    def _wrong(self, why: str) -> ChannelError:
        return ChannelError(f"It is written {self.example}: {why}.")

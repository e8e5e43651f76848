"""Every service that Apprise speaks, by URL: webhooks (`json://`), mail (`mailto://`), chats, pagers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.message import Message

#: Ports of schemes whose URL names the host that is sent to; other services have hosts of their own.
_PORTS = {"json": 80, "jsons": 443, "xml": 80, "xmls": 443, "form": 80, "forms": 443}


class Apprise:
    """Sends to every service that Apprise speaks."""

    name = "apprise"

    def schemes(self) -> frozenset[str]:
        """Those of every service."""
        from apprise import NotificationManager

        return frozenset(NotificationManager().schemas())  # type: ignore[no-untyped-call]

    def send(self, url: str, message: Message) -> None:
        """Send the message as plain text; each service gets it escaped as it needs.

        A redirect is no delivery: the service did not take the message, and a login page may answer in its
        place. A webhook also gets the key as the header `Idempotency-Key`, and the details as fields.

        Raises:
            ChannelError: Apprise doesn't know the URL, or the service didn't take the message.
        """
        import apprise as library
        from apprise import AppriseAsset, NotifyFormat, NotifyType
        from apprise.plugins.custom_json import NotifyJSON

        asset = AppriseAsset(app_id="obs-dagster", app_desc="obs-dagster", async_mode=False)
        # followed, a redirect becomes a GET of some page, whose 200 says nothing about the message
        asset.http_redirects = False
        kinds = {"info": NotifyType.INFO, "warning": NotifyType.WARNING, "critical": NotifyType.FAILURE}
        kind = NotifyType.SUCCESS if message.event == "resolved" else kinds[message.severity]
        with _complaints() as complaints:
            service = library.Apprise.instantiate(url, asset=asset)
            if service is None:
                raise ChannelError(
                    f"Apprise cannot read the channel's URL. {' '.join(complaints)}".strip(),
                    remedy="See https://appriseit.com/services/ for the form of each service's URL.",
                )
            if isinstance(service, NotifyJSON):
                service.headers["Idempotency-Key"] = message.key
                service.payload_extras.update({"idempotency_key": message.key, **message.details})
            sender = library.Apprise(asset=asset)
            sender.add(service)
            taken = sender.notify(
                title=message.title, body=message.body, notify_type=kind, body_format=NotifyFormat.TEXT
            )
        if not taken:
            raise ChannelError(
                " ".join(complaints) or "The service did not take the message.",
                remedy="It is tried again; check the service and the route's URL if that goes on. A redirect "
                "(3xx) is not followed: name the place that it leads to.",
            )

    def problem(self, url: str) -> str:
        """Whether the service reads the rest of the URL."""
        import apprise

        with _silence():
            read = apprise.Apprise.instantiate(url)
        if read is None:
            scheme = url.partition("://")[0].lower()
            return (
                f"{scheme}:// cannot be used with the rest of this URL; see https://appriseit.com/services/"
            )
        return ""

    def host(self, url: str) -> tuple[str, int] | None:
        """The host that a webhook's URL names."""
        import apprise

        scheme = url.partition("://")[0].lower()
        with _silence():
            service = apprise.Apprise.instantiate(url) if scheme in _PORTS else None
        return None if service is None else (service.host, service.port or _PORTS[scheme])


CHANNEL = Apprise()


_HEARD: ContextVar[list[str] | None] = ContextVar("_HEARD", default=None)
"""Where this context's complaints go; Apprise's worker threads inherit it, other senders have their own."""


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what Apprise says of a URL out of every log while it only reads it, for it may quote the URL."""
    logger = logging.getLogger("apprise")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What Apprise says in its log, which is the only place where it says why something failed."""
    heard: list[str] = []
    token = _HEARD.set(heard)
    listener = _Listener(heard)
    logger = logging.getLogger("apprise")
    logger.addHandler(listener)
    try:
        yield heard
    finally:
        logger.removeHandler(listener)
        _HEARD.reset(token)


class _Listener(logging.Handler):
    """Collects the warnings of one sender; others may be sending too."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._own = heard

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record's text if it comes out of the sender's context."""
        if _HEARD.get() is self._own:
            self._own.append(record.getMessage())

"""One request to a service, and what its answer means for a message.

Anything but a 2xx is a message that was not taken, a redirect too: followed, it would become a GET of some
page.
"""

from __future__ import annotations

import datetime as dt
import json as json_lines
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.message import one_line
from obs_dagster.secrets import scrub

if TYPE_CHECKING:
    import httpx

_SECONDS = 10.0
"""How long a service may be silent, if nothing else is said."""
_TOGETHER = 30.0
"""How long it may take for its whole answer; a sender's lease is far longer."""
_MOST_BYTES = 2**20
_QUOTED = 200

_AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def quoted(self) -> str:
        """The beginning of what it said, on one line, without secrets, and without half a word at its end."""
        said = scrub(one_line(self.body[: 4 * _QUOTED].decode(errors="replace")))
        return said if len(said) <= _QUOTED else re.sub(r"[\w%+/=.~:-]*\Z", "…", said[:_QUOTED], count=1)

    def json(self) -> Any:
        """The JSON that it said.

        Raises:
            ChannelError: it is none; whether the service took the message is not known.
        """
        try:
            return json_lines.loads(self.body)
        except ValueError as error:
            raise self.garbage() from error

    def fields(self) -> dict[str, Any]:
        """The JSON object that it said.

        Raises:
            ChannelError: it is none; whether the service took the message is not known.
        """
        found = self.json()
        if not isinstance(found, dict):
            raise self.garbage()
        return found

    def garbage(self) -> ChannelError:
        """The error of an answer that is not as documented."""
        return ChannelError(
            f"The service answered {self.status} with what it never should: {self.quoted!r}.",
            remedy="Check the address: something else may answer there, such as a proxy or a login page.",
        )


def request(
    method: str,
    url: str,
    *,
    json: Any = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    seconds: float = _SECONDS,
) -> Answer:
    """What a service answers to a request that it takes.

    Raises:
        ChannelError: it cannot be reached, does not answer in time, or refuses.
    """
    import httpx

    # they log whole URLs and headers
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    given = {"json": json, "content": content, "headers": headers, "auth": auth, "params": params}
    try:
        with (
            httpx.Client(timeout=seconds, follow_redirects=False) as client,
            client.stream(method, url, **{name: each for name, each in given.items() if each}) as response,
        ):
            answer = Answer(response.status_code, response.headers, _body(response))
    except httpx.TimeoutException as error:
        raise ChannelError(f"The service did not answer within {seconds:g} s.") from error
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise ChannelError(f"The service cannot be reached: {error or type(error).__name__}.") from error
    if not response.is_success:
        raise refusal(answer)
    return answer


def refusal(answer: Answer) -> ChannelError:
    """What a service's refusal means."""
    hint = "It is tried again; check the route's URL and what it may do there, if that goes on."
    if answer.status // 100 == HTTPStatus.MULTIPLE_CHOICES // 100:
        hint = "A redirect (3xx) is not followed: name the place that it leads to."
    pause = None
    if answer.status in _AGAIN:
        pause = retry_after(answer.headers.get("Retry-After", ""), dt.datetime.now(dt.UTC))
        hint = "It is tried again" + ("." if pause is None else f" after {pause.total_seconds():.0f} s.")
    said = answer.quoted and f": {answer.quoted}"
    return ChannelError(
        f"The service answered {answer.status}{said}.", remedy=hint, retry_after=pause, status=answer.status
    )


def retry_after(header: str, now: dt.datetime) -> dt.timedelta | None:
    """What a `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3); None if it cannot be read.

    >>> now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    >>> retry_after("120", now), retry_after("Thu, 01 Jan 2026 00:01:00 GMT", now), retry_after("soon", now)
    (datetime.timedelta(seconds=120), datetime.timedelta(seconds=60), None)
    """
    header = header.strip()
    try:
        if header.isdecimal():
            return dt.timedelta(seconds=int(header))
        at = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=dt.UTC)
    return max(at - now, dt.timedelta(0))


def _body(response: httpx.Response) -> bytes:
    """The body, unless it is too long or comes too slowly."""
    begun, body = time.monotonic(), bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > _MOST_BYTES:
            raise ChannelError("The service answered more than a megabyte.")
        if time.monotonic() - begun > _TOGETHER:
            raise ChannelError(f"The service did not finish its answer within {_TOGETHER:.0f} s.")
    return bytes(body)

"""CloudEvents in binary mode: attributes as headers or columns, and the body beside them as it was sent.

Documented in the HTTP and Kafka protocol bindings of CloudEvents 1.0: an attribute is a header whose name has
`ce-` before it, in Kafka `ce_`, in whatever case. Whoever writes such messages into files has headers as an
object (of texts, or of lists of them), as a list of pairs (`key`, `value`), or as columns; and the body as
`data`, `body`, `value` or `payload`: JSON, a text, or Base64.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from obs_dagster.sources.captures.capture import Record, first
from obs_dagster.sources.captures.events import TYPE, Events

_BODIES = ("data", "body", "value", "payload")
_PREFIXES = ("ce-", "ce_")
_TRACE = "traceparent"


class _Binary(Events):
    """Events in binary mode, which may be rows of a table."""

    __slots__ = ()

    def heads(self, names: Collection[str]) -> bool:
        """The attributes that no event is without, and a body."""
        lower = {name.lower().replace("-", "_") for name in names}
        return {"ce_id", "ce_type"} <= lower and not lower.isdisjoint(_BODIES)


def attributes(record: Record) -> dict[str, Any]:
    """The attributes of an event, by their names in lower case.

    >>> attributes({"Ce-Id": "7", "body": "{}"}), attributes({"headers": [{"key": "ce_id", "value": "7"}]})
    ({'id': '7'}, {'id': '7'})
    """
    found: dict[str, Any] = {}
    for name, value in (*record.items(), *_headers(record.get("headers"))):
        lower = str(name).lower()
        if lower.startswith(_PREFIXES):
            found[lower[3:]] = _one(value)
        elif lower == _TRACE:
            found.setdefault(lower, _one(value))
    if TYPE.fullmatch(str(found.get("type"))) is None:
        # values of Kafka's headers are bytes
        plain = {name: _plain(value) for name, value in found.items()}
        return plain if TYPE.fullmatch(str(plain.get("type"))) else found
    return found


def _headers(headers: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(headers, Mapping):
        yield from headers.items()
    elif isinstance(headers, list):
        for each in headers:
            if isinstance(each, Mapping) and "key" in each:
                yield str(each["key"]), each.get("value")


def _one(value: Any) -> Any:
    """Of a header that may come several times, the first."""
    return (value[0] if value else None) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except ValueError:
        return value


def _recognised(record: Record) -> bool:
    return "specversion" not in record and TYPE.fullmatch(str(attributes(record).get("type"))) is not None


def _event(record: Record) -> Record:
    body = first(record, *_BODIES)
    return {**attributes(record), **of_body(body)}


def of_body(body: Any) -> dict[str, Any]:
    """A body as an event has it: what is no JSON may be JSON in Base64."""
    if not isinstance(body, str):
        return {} if body is None else {"data": body}
    try:
        return {"data": json.loads(body)}
    except ValueError:
        return {"data_base64": body}


CAPTURE = _Binary("cloud_events_binary", _recognised, _event)

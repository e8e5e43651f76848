"""What KServe's logger writes into blob storage: a request or a response each, or batches of them.

Documented in "Store Logs in Blob Storage" of KServe; an object is called `…/<id>-request.json` or
`…/<id>-response.json`. Its JSON has the names of the logger's own structure (`ReqType`, `Id`, `Bytes` …) of
one record, or a list of them; CSV and Parquet have them as `reqType` or `req_type`, depending on its version.
Bodies are in Base64. None of it says when: the time is that at which the object was written, which for a
batch is the time of its last record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from obs_dagster.sources.captures.capture import Record
from obs_dagster.sources.captures.cloud_events_binary import of_body
from obs_dagster.sources.captures.events import TYPE, WRITTEN, Events

_SHAPE = frozenset({"reqtype", "id", "bytes"})
_B3 = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}")


class _Blob(Events):
    """Records of the logger's own structure."""

    __slots__ = ()

    def dated(self, record: Record, written: str) -> Record:
        """The record with the time of its object."""
        return {WRITTEN: written, **record}

    def heads(self, names: Collection[str]) -> bool:
        """The columns that tell a record of the logger."""
        return {_plain(name) for name in names} >= _SHAPE


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _recognised(record: Record) -> bool:
    named = {_plain(str(name)): value for name, value in record.items()}
    return named.keys() >= _SHAPE and TYPE.fullmatch(str(named["reqtype"])) is not None


def _event(record: Record) -> Record:
    named = {_plain(str(name)): None if value == "" else value for name, value in record.items()}
    return {
        "type": named["reqtype"],
        "id": named["id"],
        "component": named.get("component"),
        "inferenceservicename": named.get("inferenceservice"),
        "traceparent": _trace(named.get("metadata")),
        WRITTEN: record.get(WRITTEN),
        **of_body(named["bytes"]),
    }


def _trace(metadata: Any) -> str | None:
    """The trace that the headers of the request name, where the service is told to log them."""
    if isinstance(metadata, str):
        try:
            metadata = json.loads(metadata)
        except ValueError:
            return None
    if not isinstance(metadata, Mapping):
        return None
    told = {str(name).lower(): value for name, value in metadata.items()}
    found = {
        name: str(value[0] if isinstance(value, list) and value else value) for name, value in told.items()
    }
    b3 = found.get("x-b3-traceid", "")
    return f"00-{b3:0>32}-{'0' * 16}-00" if _B3.fullmatch(b3) else found.get("traceparent")


CAPTURE = _Blob("kserve_blob", _recognised, _event)

"""`remote-write+http://HOST:9090/api/v1/write`: Prometheus, Mimir, VictoriaMetrics (remote write 1.0).

Every sample has the present time: Prometheus keeps the first of two values at one moment and takes none of
long ago, so it cannot have corrected days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from obs_dagster.alerts.channels.request import request
from obs_dagster.exports.address import Address, wrong
from obs_dagster.exports.sample import Sample
from obs_dagster.exports.way import SECONDS

_WRITTEN = "remote-write+http://HOST:PORT/api/v1/write or remote-write+https://…"
_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_TOGETHER = 2_000
"""Series of one request, as Prometheus' own default."""
_KINDS = {"counter": 1, "gauge": 2}


class RemoteWrite:
    """Sends series by Prometheus' remote-write protocol."""

    name = "remote_write"
    forgets = True

    def schemes(self) -> frozenset[str]:
        """Over HTTP and HTTPS."""
        return frozenset({"remote-write+http", "remote-write+https"})

    def send(self, url: str, samples: Sequence[Sample], now: dt.datetime) -> None:
        """A request for every 2,000 series."""
        found = Address.of(url)
        auth = (found.user, found.password) if found.user else None
        page = found.page(path="/api/v1/write")
        for body in bodies(samples, now):
            request("POST", page, content=body, headers=_HEADERS, auth=auth, seconds=SECONDS)

    def problem(self, url: str) -> str:
        """It has a host."""
        return wrong(url, _WRITTEN, options=None)


def bodies(samples: Sequence[Sample], now: dt.datetime) -> Iterator[bytes]:
    """The compressed bodies of the requests."""
    for begin in range(0, len(samples), _TOGETHER):
        content = _message(
            samples[begin : begin + _TOGETHER], int(now.timestamp() * 1000)
        ).SerializeToString()
        yield pa.compress(content, codec="snappy", asbytes=True)


def _message(samples: Sequence[Sample], at: int) -> Any:
    message = _write_request()()
    for each in samples:
        series = message.timeseries.add()
        # sorted, as the protocol has it
        for name, text in sorted({"__name__": each.name, "job": "obs", **each.about}.items()):
            series.labels.add(name=name, value=text)
        series.samples.add(value=each.value, timestamp=at)
    for gauge in {each.gauge for each in samples}:
        message.metadata.add(
            type=_KINDS[gauge.kind], metric_family_name=gauge.name, help=gauge.help, unit=gauge.unit
        )
    return message


@cache
def _write_request() -> Any:
    """The protocol's message, of prometheus/prompb/remote.proto and types.proto as far as it is used here."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    text, many, once = kinds.TYPE_STRING, kinds.LABEL_REPEATED, kinds.LABEL_OPTIONAL
    file = descriptor_pb2.FileDescriptorProto(
        name="obs_dagster/remote_write.proto", package="obs_dagster.remote_write", syntax="proto3"
    )
    fields: dict[str, list[tuple[str, int, Any, Any]]] = {
        "Label": [("name", 1, text, once), ("value", 2, text, once)],
        "Sample": [("value", 1, kinds.TYPE_DOUBLE, once), ("timestamp", 2, kinds.TYPE_INT64, once)],
        "TimeSeries": [("labels", 1, "Label", many), ("samples", 2, "Sample", many)],
        "MetricMetadata": [
            ("type", 1, kinds.TYPE_INT32, once),
            ("metric_family_name", 2, text, once),
            ("help", 4, text, once),
            ("unit", 5, text, once),
        ],
        "WriteRequest": [("timeseries", 1, "TimeSeries", many), ("metadata", 3, "MetricMetadata", many)],
    }
    for name, described in fields.items():
        message = file.message_type.add(name=name)
        for field, number, kind, label in described:
            if isinstance(kind, str):
                message.field.add(
                    name=field,
                    number=number,
                    label=label,
                    type=kinds.TYPE_MESSAGE,
                    type_name=f".{file.package}.{kind}",
                )
            else:
                message.field.add(name=field, number=number, label=label, type=kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.WriteRequest"))


WAY = RemoteWrite()

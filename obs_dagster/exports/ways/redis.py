"""`redis://HOST:6379/0`: the present in hashes, rate, errors and duration of each day in streams.

- `obs:MODEL:VERSION` and `obs:MODEL` are hashes: what is of a version, and of a model, by name and labels.
- `obs:red:MODEL:VERSION` is a stream with an entry for each day, and one more for each correction of it;
  `obs:red:MODEL:VERSION:days` is a hash with the last one of each day.
- Where the server has the module TimeSeries, every sample is a series too, with its labels; a value at the
  moment of another one takes its place.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from obs_dagster.exports.address import Address, wrong
from obs_dagster.exports.red import triplets
from obs_dagster.exports.sample import Sample
from obs_dagster.exports.way import SECONDS, ExportError

if TYPE_CHECKING:
    from redis import Redis as Client

_WRITTEN = "redis://[:PASSWORD@]HOST:6379/0 or rediss://…, and after ? may stand prefix=NAME"
_REMEDY = "Install obs-dagster[redis]."
_LONGEST = 1_000
"""Entries of a stream, about."""
_MODULE = "timeseries"


class Redis:
    """Keeps what services ask for with one command."""

    name = "redis"
    forgets = False

    def schemes(self) -> frozenset[str]:
        """Plain, and with TLS."""
        return frozenset({"redis", "rediss"})

    def send(self, url: str, samples: Sequence[Sample], now: dt.datetime) -> None:
        """All hashes in one transaction, so that nobody reads half of a night."""
        prefix = _prefix(url)
        hashes: dict[str, dict[Any, Any]] = defaultdict(dict)
        for each in samples:
            labels = dict(each.about)
            own = [labels.pop(name, "") for name in ("model", "version")]
            rest = ",".join(f"{name}={text}" for name, text in labels.items())
            field = f"{each.name}{{{rest}}}" if rest else each.name
            hashes[":".join(filter(None, [prefix, *own]))][field] = each.value
        with _client(url) as client:
            pipe = client.pipeline(transaction=True)
            for key, fields in hashes.items():
                pipe.delete(key)
                pipe.hset(key, mapping=fields)
            if _has_series(client):
                _add_series(pipe, prefix, samples, now)
            pipe.execute()

    def send_day(self, url: str, samples: Sequence[Sample], day: dt.date) -> None:
        """An entry of the stream, unless it is the last one of its day already; and series."""
        prefix = _prefix(url)
        with _client(url) as client:
            pipe = client.pipeline(transaction=True)
            for (model, version), numbers in triplets(samples).items():
                key = f"{prefix}:red:{model}:{version}"
                entry = {"day": day.isoformat(), **{name: repr(value) for name, value in numbers.items()}}
                written = json.dumps(entry, sort_keys=True)
                known: Any = client.hget(f"{key}:days", day.isoformat())
                if known is None or known.decode() != written:
                    fields: dict[Any, Any] = dict(entry)
                    pipe.xadd(key, fields, maxlen=_LONGEST, approximate=True)
                    pipe.hset(f"{key}:days", day.isoformat(), written)
            if _has_series(client):
                _add_series(pipe, prefix, samples, dt.datetime.combine(day, dt.time(), dt.UTC))
            pipe.execute()

    def problem(self, url: str) -> str:
        """It has a host, and the library is there."""
        try:
            import redis  # noqa: F401
        except ImportError:
            return _REMEDY
        return wrong(url, _WRITTEN, options=("prefix",))


def _prefix(url: str) -> str:
    return Address.of(url).options.get("prefix", "obs")


@contextmanager
def _client(url: str) -> Iterator[Client]:
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError as error:
        raise ExportError("The library of Redis is not installed.", remedy=_REMEDY) from error
    client = redis.Redis.from_url(
        url.partition("?")[0],
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        # it is tried again with the next samples
        retry=Retry(NoBackoff(), 0),
    )
    try:
        yield client
    except redis.RedisError as error:
        raise ExportError(f"Redis did not take the samples: {error}.") from error
    finally:
        client.close()


def _has_series(client: Client) -> bool:
    modules: Any = client.module_list()
    named = [each.get(b"name", each.get("name", b"")) for each in modules]
    return any((name.decode() if isinstance(name, bytes) else str(name)).lower() == _MODULE for name in named)


def _add_series(pipe: Any, prefix: str, samples: Sequence[Sample], now: dt.datetime) -> None:
    """A series for each sample, with its labels."""
    for each in samples:
        about = each.about
        key = ":".join([prefix, "ts", each.name, *(f"{name}={text}" for name, text in about.items())])
        at = int((each.at or now).timestamp() * 1000)
        labels = [part for name, text in about.items() for part in (name, text)]
        pipe.execute_command(
            "TS.ADD", key, at, each.value, "ON_DUPLICATE", "LAST", "LABELS", "name", each.name, *labels
        )


WAY = Redis()

"""A row of the log, and how it is written: one JSON object on a line."""

from __future__ import annotations

import json
import math
import time
from functools import lru_cache
from typing import Any, NamedTuple

#: What the model puts out, by the names that `record` has for it; no feature is called so.
_OUTPUTS = frozenset(("score", "prediction"))


class Row(NamedTuple):
    """A prediction, as the caller left it; it is made text by the thread that writes.

    Attributes:
        prediction_id: its id.
        time: when the request began, in seconds since 1970.
        version: the version of the model.
        features: what the model was given, by name.
        put_out: what it gave, by column (`score`, `prediction`, or columns of the service's own).
        latency_ms: how long it took; None if nobody knows.
        status: how it ended.
        request_id: the request that it belongs to; None outside of one.
        trace_id: the trace that it belongs to; None if there is none.
    """

    prediction_id: str
    time: float
    version: str
    features: dict[Any, Any]
    put_out: dict[str, Any]
    latency_ms: float | None
    status: str
    request_id: str | None
    trace_id: str | None

    def ended(self, latency_ms: float | None, status: str) -> Row:
        """The row with how its request ended, where it does not say so itself."""
        if self.status and self.latency_ms is not None:
            return self
        latency_ms = latency_ms if self.latency_ms is None else self.latency_ms
        return Row(*self[:5], latency_ms, self.status or status, *self[7:])

    @property
    def fields(self) -> dict[str, Any]:
        """Its columns; a feature that has the name of another one is called `feature_` and its name."""
        row = {
            "prediction_id": self.prediction_id,
            "time": moment(self.time),
            "version": self.version,
            "latency_ms": self.latency_ms,
            "status": self.status,
            "request_id": self.request_id,
            "trace_id": self.trace_id,
        }
        row |= self.put_out
        if row.keys().isdisjoint(self.features) and _OUTPUTS.isdisjoint(self.features):
            return row | self.features
        taken = row.keys() | _OUTPUTS
        return row | {
            f"feature_{name}" if name in taken else name: value for name, value in self.features.items()
        }


class Label(NamedTuple):
    """The true value of a prediction.

    Attributes:
        prediction_id: the prediction.
        label: the true value.
        time: when it became known, in seconds since 1970.
    """

    prediction_id: str
    label: Any
    time: float

    @property
    def fields(self) -> dict[str, Any]:
        """Its columns."""
        return {"prediction_id": self.prediction_id, "label": self.label, "known_at": moment(self.time)}


def moment(seconds: float) -> str:
    """A moment of UTC as text, to the microsecond.

    >>> moment(1721520000.25)
    '2024-07-21T00:00:00.250000Z'
    """
    micros = round(seconds * 1_000_000)
    return f"{_second(micros // 1_000_000)}.{micros % 1_000_000:06}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def line(row: Row | Label) -> bytes:
    """The row as a line.

    Infinity and NaN are written as texts, which JSON has in their place; half a character as a question mark.

    Raises:
        Exception: a value cannot be written, or refuses to be asked.
    """
    fields = row.fields
    try:
        text = _ENCODE(fields)
    except (ValueError, TypeError):  # NaN and infinity, or keys within a value that are no texts
        text = _ENCODE(_finite(fields))
    return text.encode("utf-8", "replace") + b"\n"


def _plain(value: Any) -> Any:
    """A value that JSON does not know as one that it does."""
    if hasattr(value, "tolist"):  # numpy's, pandas' and torch's
        return value.tolist()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return float(value) if hasattr(value, "__float__") else str(value)


_ENCODE = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"), default=_plain
).encode


def _finite(value: Any) -> Any:
    """The same with texts in the place of what is no number of JSON's."""
    if isinstance(value, dict):
        return {str(name): _finite(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if not isinstance(value, float):
        return _finite(_plain(value))
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")

"""The instances of a request with their predictions: rows, with ids that follow from that of the request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from obs_dagster.sources.captures.capture import RefusedError, Row

ERROR = "capture_error"
"""The column that says what could not be read of a record."""

NO_RESPONSE = "there is no response"
"""What is said of a request that has none."""

OUTPUT = "output"
"""What was put out, where it has no name. `prediction` is the decision that is made of a score."""

_KNOWN = ("prediction_id", "request_id", "time", "version", "status", "latency_ms", "trace_id")
"""What is known of any request; features and outputs have other names."""


def rows(
    request_id: str,
    known: Mapping[str, Any],
    asked: Sequence[Any],
    answered: Sequence[Any] | None,
    *,
    failed: bool = False,
) -> Iterator[Row]:
    """One row for each instance.

    The id of a row is that of the request; of several instances with the number of its own: `ID:0`, `ID:1`.

    Args:
        request_id: of the request.
        known: what is known of it, by column; None is left out.
        asked: the instances.
        answered: what was put out for each; None if nothing is known of a response.
        failed: whether the request is known to have failed, so that nobody misses one.

    Raises:
        RefusedError: there are not as many predictions as instances.
    """
    if answered is not None and len(asked) == 1 < len(answered):
        # all of it is about the one instance
        answered = [answered]
    if answered is not None and len(answered) != len(asked):
        raise RefusedError(f"{len(asked)} instances have {len(answered)} predictions")
    about = {name: value for name, value in known.items() if value is not None}
    about["request_id"] = request_id
    for place, instance in enumerate(asked):
        own = request_id if len(asked) == 1 else f"{request_id}:{place}"
        row: Row = {"prediction_id": own, **about}
        if answered is not None:
            row |= _put_out(answered[place])
        elif not failed:
            row[ERROR] = NO_RESPONSE
        yield row | _features(instance, row)


def label_rows(event_id: str, known_at: Any, values: Sequence[Any]) -> Iterator[Row]:
    """The labels of the instances of a request, by the ids of their predictions."""
    for place, value in enumerate(values):
        own = event_id if len(values) == 1 else f"{event_id}:{place}"
        yield {"prediction_id": own, "label": value} | ({} if known_at is None else {"known_at": known_at})


def _put_out(value: Any) -> Row:
    """Outputs by their names, or what was put out as a whole."""
    if isinstance(value, Mapping):
        return {_free(str(name), _KNOWN, "output"): each for name, each in value.items()}
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return {OUTPUT: value}


def _features(instance: Any, taken: Mapping[str, Any]) -> Row:
    """Features by their names, or by their places: `feature_0`, `feature_1`."""
    if isinstance(instance, Mapping):
        return {_free(str(name), (*_KNOWN, *taken), "feature"): each for name, each in instance.items()}
    values = instance if isinstance(instance, list) else [instance]
    return {f"feature_{place}": value for place, value in enumerate(values)}


def _free(name: str, taken: Sequence[str], what: str) -> str:
    return f"{what}_{name}" if name in taken or name == ERROR else name

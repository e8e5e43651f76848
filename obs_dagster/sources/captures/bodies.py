"""Bodies of requests and responses, as the protocols of model servers have them: what is in them, in lists.

An instance is an object of features by name, or a list of them by position. The forms are those of KServe's
V1 and V2 protocols ("Open Inference Protocol"), of TensorFlow Serving, of MLflow's scoring server, and of
Seldon.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from obs_dagster.sources.captures.capture import RefusedError


def parsed(body: object, what: str) -> Any:
    """The body, which may be JSON in a text.

    Raises:
        RefusedError: it is no JSON.
    """
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError:
        raise RefusedError(f"the {what} is no JSON") from None


def instances(body: Any) -> list[Any]:
    """What a model was asked about.

    >>> instances({"instances": [[1, 2], [3, 4]]})
    [[1, 2], [3, 4]]
    >>> instances({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}})
    [{'a': 1, 'b': 2}]
    >>> instances({"inputs": {"a": [1, 2], "b": ["x", "y"]}})
    [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'y'}]

    Raises:
        RefusedError: the parts of the body do not fit together.
    """
    if not isinstance(body, Mapping):
        return _batch(body)
    for key, read in _ASKED.items():
        if key in body:
            return read(body[key])
    if {"columns", "data"} <= body.keys():
        return _split(body)
    found = _seldon(body)
    return [body] if found is None else found


def predictions(body: Any) -> list[Any]:
    """What a model answered.

    >>> predictions({"predictions": [0.25, 0.5]})
    [0.25, 0.5]
    >>> predictions({"outputs": [{"name": "p", "shape": [2, 1], "datatype": "FP32", "data": [0.25, 0.5]}]})
    [{'p': 0.25}, {'p': 0.5}]

    Raises:
        RefusedError: the parts of the body do not fit together.
    """
    if isinstance(body, Mapping):
        for key in ("predictions", "outputs"):
            if key in body:
                return _several(body[key])
        if (found := _seldon(body)) is not None:
            return found
        return [body]
    return body if isinstance(body, list) else [body]


def of_base64(text: object, what: str) -> str:
    """What stands in a text in Base64.

    Raises:
        RefusedError: it is none, or no text.
    """
    try:
        return base64.b64decode(str(text), validate=True).decode("utf-8")
    except ValueError:
        raise RefusedError(f"the {what} is no text in Base64") from None


def lines(text: str) -> list[list[str | None]]:
    """Lines of CSV without names, each of which is an instance; what is empty is missing.

    >>> lines("1,,3")
    [['1', None, '3']]
    """
    return [[value.strip() or None for value in row] for row in csv.reader(io.StringIO(text)) if row]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _batch(body: Any) -> list[Any]:
    """A list of instances, or one instance by itself."""
    if isinstance(body, list) and body and all(isinstance(each, (list, Mapping)) for each in body):
        return body
    return [body]


def _split(body: Any) -> list[Any]:
    """The columns' names, and rows of their values, as pandas writes them."""
    names = body.get("columns") if isinstance(body, Mapping) else None
    rows = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(names, list) or not isinstance(rows, list):
        raise RefusedError("a table has no columns, or no data")
    return [_named(names, row) for row in rows]


def _named(names: Sequence[Any], values: Any) -> dict[str, Any]:
    if not isinstance(values, list) or len(values) != len(names):
        raise RefusedError("a row has another number of values than there are names")
    return dict(zip(map(str, names), values, strict=True))


def _several(value: Any) -> list[Any]:
    """Tensors by name, tensors of the V2 protocol, or values one after the other."""
    if isinstance(value, Mapping):
        if value and all(isinstance(each, list) for each in value.values()):
            return _transposed(value)
        return [value]
    if isinstance(value, list) and value and all(_is_tensor(each) for each in value):
        return _transposed({str(each["name"]): _rows(each) for each in value})
    return _listed(value)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Mapping) and {"name", "shape", "data"} <= value.keys()


def _rows(tensor: Mapping[str, Any]) -> list[Any]:
    """The values of a tensor along its first dimension; of one value each that itself."""
    data, shape = tensor["data"], tensor["shape"]
    if not isinstance(data, list) or not isinstance(shape, list) or not shape:
        raise RefusedError("a tensor has no data, or no shape")
    length = shape[0]
    if not isinstance(length, int) or length < 1 or len(data) % length:
        raise RefusedError("the data of a tensor is not of its shape")
    width = len(data) // length
    if width == 1:
        return [each[0] if isinstance(each, list) and len(each) == 1 else each for each in data]
    return [data[start : start + width] for start in range(0, len(data), width)]


def _transposed(columns: Mapping[str, list[Any]]) -> list[Any]:
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise RefusedError("the columns of a body have different lengths")
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


_ASKED: Mapping[str, Callable[[Any], list[Any]]] = MappingProxyType(
    {"instances": _listed, "dataframe_records": _listed, "dataframe_split": _split, "inputs": _several}
)


def _seldon(body: Mapping[str, Any]) -> list[Any] | None:
    """The body of Seldon's own protocol; None if it is none."""
    data = body.get("data")
    if not isinstance(data, Mapping):
        return _listed(body["jsonData"]) if "jsonData" in body else None
    names = data.get("names") or []
    if "ndarray" in data:
        rows = _batch(data["ndarray"])
    elif isinstance(data.get("tensor"), Mapping):
        tensor = data["tensor"]
        rows = _rows({"data": tensor.get("values"), "shape": tensor.get("shape")})
    else:
        return None
    if not names:
        return rows
    return [_named(names, row if isinstance(row, list) else [row]) for row in rows]

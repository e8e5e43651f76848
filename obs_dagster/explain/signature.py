"""The kinds of inputs as the signature says, which MLflow keeps with a model if it was logged with one."""

from __future__ import annotations

from typing import Any

from obs_dagster.explain.input_kinds import Kind

_KINDS: dict[str, Kind] = {
    "boolean": "boolean",
    "integer": "number",
    "long": "number",
    "float": "number",
    "double": "number",
    "string": "text",
    "datetime": "moment",
}


def declared_kinds(signature: Any) -> dict[str, Kind]:
    """The kind of each named input that a signature declares; empty without one.

    Args:
        signature: a `mlflow.models.ModelSignature`, or None.
    """
    inputs = None if signature is None else signature.inputs
    if inputs is None or inputs.is_tensor_spec() or not inputs.has_input_names():
        return {}
    types = {column.name: getattr(column.type, "name", "") for column in inputs.inputs}
    return {name: _KINDS[kind] for name, kind in types.items() if kind in _KINDS}

"""The JSON Schema of the monitor file, from which editors complete and check it while it is written."""

from __future__ import annotations

from typing import Any

from obs_dagster.monitor.model import Monitor


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12), with what the loader's checks add where JSON Schema can say it."""
    schema = Monitor.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    for definition in definitions.values():
        # pydantic picks the kind of baseline by its tag, so the tag is needed though it has a default.
        if "const" in definition.get("properties", {}).get("kind", {}):
            definition["required"] = ["kind", *definition.get("required", ())]
    # `discriminator` is a word of OpenAPI, not of JSON Schema.
    schema["properties"]["baseline"].pop("discriminator", None)
    definitions["Rule"]["oneOf"] = [
        {"required": [key], "properties": {key: {"type": ["number", "string"]}}} for key in ("above", "below")
    ]
    schema["properties"]["windows"] |= {"uniqueItems": True, "contains": {"const": 1}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}

"""A row of a source as one text: what quarantine shows of it, and what an id is made of."""

from __future__ import annotations

import re

from obs_dagster.lake.quoting import literal
from obs_dagster.sources.formats.part import JSON, Part
from obs_dagster.sources.times import shown

_EXOTIC = re.compile(
    r"\b(TIMESTAMP_NS|TIMESTAMPTZ_NS|TIME_NS|TIME WITH TIME ZONE|U?HUGEINT|BIGNUM|INTERVAL|BIT|ENUM|UNION|MAP"
    r"|VARIANT|GEOMETRY|UUID)\b|^STRUCT\(\)"
)


def exotic(found: str) -> bool:
    """Whether some reader of the lake does not know a type; what is of it and undeclared is a text there."""
    return bool(_EXOTIC.search(found))


def whole(part: Part, *, without: frozenset[str] = frozenset()) -> str:
    """SQL for a row as its source has it, as a JSON text.

    Args:
        part: the rows.
        without: columns that are left out.
    """
    fields = [
        f"{literal(name)}, {value_text(value, found) if exotic(found) else shown(value, found)}"
        for name, found in part.found.items()
        if "\0" not in name and name not in without
        for value in (part.column(name),)
    ]
    return f"CAST(json_object({', '.join(fields)}) AS VARCHAR)"


def value_text(value: str, found: str) -> str:
    """SQL for a value as a text."""
    if found == JSON:
        return f"({value} ->> '$')"
    return f"TRY_CAST({shown(value, found)} AS VARCHAR)"

"""Ids as text: one id reads the same however its source stores it, and what has lost digits is no id.

pandas stores integers with nulls as floats, warehouses as decimals, and drivers write UUIDs as 16 bytes.
Whatever a column's type is, an id becomes the text that a person would write for it.
"""

from __future__ import annotations

#: Floating-point types, and below which size every whole number has one of its own.
EXACT_WHOLE = {"DOUBLE": 1 << 53, "FLOAT": 1 << 24}
_BINARY = frozenset(["BLOB", "BYTEA", "VARBINARY"])


def text_of(value: str, found: str) -> str:
    """SQL for a value as text; whole numbers read `5` whether they are integers, `5.0` or `5.00`.

    NaN is a missing value. Bytes are the text that they spell, 16 other bytes a UUID, any others hexadecimal.
    """
    if found in EXACT_WHOLE:
        return (
            f"CASE WHEN isnan({value}) THEN NULL "
            f"WHEN {value} = trunc({value}) AND abs({value}) < {EXACT_WHOLE[found]} "
            f"THEN CAST(CAST({value} AS BIGINT) AS VARCHAR) ELSE CAST({value} AS VARCHAR) END"
        )
    if found.startswith("DECIMAL"):
        return f"regexp_replace(CAST({value} AS VARCHAR), '\\.0+$', '')"
    if found in _BINARY:
        return _bytes_as_text(value)
    return f"TRY_CAST({value} AS VARCHAR)"


def id_of(value: str, found: str) -> str:
    """SQL for an id as text; null for numbers that have lost digits, or are none."""
    if found not in EXACT_WHOLE:
        return text_of(value, found)
    return f"CASE WHEN NOT ({lost_digits(value, found)}) THEN {text_of(value, found)} END"


def lost_digits(value: str, found: str) -> str:
    """SQL for whether an id is a float so large that several ids would be stored as the same one.

    From 2^53 on not every whole number is a float of 64 bits (2^24 of 32): what is there may have been
    another id, and may be several.
    """
    if found not in EXACT_WHOLE:
        return "false"
    return f"NOT isnan({value}) AND abs({value}) >= {EXACT_WHOLE[found]}"


def join_key(text: str) -> str:
    """SQL for what ids as text are compared by where two sources meet.

    `17.0`, as CSV files have it of integers with gaps, is `17`; a UUID is the same in capitals, and without
    dashes. Patterns are asked for only where a length or an ending makes them possible.

    Args:
        text: SQL for an id, as `id_of` gives it.
    """
    dashed = "________-____-____-____-____________"
    return (
        f"CASE WHEN suffix({text}, '.0') AND regexp_full_match({text}, '-?([1-9][0-9]*|0)\\.0') "
        f"THEN left({text}, -2) "
        f"WHEN strlen({text}) = 36 AND {text} LIKE '{dashed}' THEN lower(replace({text}, '-', '')) "
        f"WHEN strlen({text}) = 32 AND regexp_full_match({text}, '[0-9a-fA-F]+') THEN lower({text}) "
        f"ELSE {text} END"
    )


def _bytes_as_text(value: str) -> str:
    # a UUID's ninth byte is no ASCII, so bytes that all are spell a text
    shown = f"CAST({value} AS VARCHAR)"
    return (
        f"CASE WHEN NOT contains({shown}, '\\x') THEN {shown} "
        f"WHEN octet_length({value}) = 16 THEN CAST(CAST(lower(hex({value})) AS UUID) AS VARCHAR) "
        f"ELSE coalesce(TRY(decode({value})), lower(hex({value}))) END"
    )

"""When a span began or ended: SQL for nanoseconds since 1970, however that is written."""

from __future__ import annotations

#: Of the first moment of 2001: numbers below are of a coarser unit. Seconds, milli- and microseconds.
_UNITS = ((1e11, 1_000_000_000), (1e14, 1_000_000), (1e17, 1_000))


def nanoseconds(value: str) -> str:
    """SQL for a moment that is written as a number of any unit, as a text, or is a timestamp; else null.

    Args:
        value: an expression of any type.
    """
    text = f"CAST({value} AS VARCHAR)"
    number = f"TRY_CAST({text} AS BIGINT)"
    fraction = f"TRY_CAST({text} AS DOUBLE)"
    cases = " ".join(f"WHEN {number} < {limit:.0f} THEN {number} * {times}" for limit, times in _UNITS)
    moment = f"epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)) * 1000"
    seconds = f"CAST({fraction} * 1e9 AS BIGINT)"
    # a fraction is one of seconds; a year alone is a number, and no moment
    return (
        f"CASE WHEN regexp_full_match({text}, '[0-9]+') THEN CASE {cases} ELSE {number} END "
        f"WHEN {fraction} BETWEEN 1e8 AND 1e10 THEN {seconds} ELSE {moment} END"
    )

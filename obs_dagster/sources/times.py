"""Moments from whatever a source has for them: every unit and zone, dates, texts, numbers since 1970.

A value that is no moment between the years 1 and 9999 becomes null, never an error and never infinity:
Python, pandas and MLflow know no other years, and DuckDB's own casts fail on some of them, or end the
session.
"""

from __future__ import annotations

import re
from collections.abc import Callable

#: A day from either end of the years 1 to 9999, so that a moment can be shown in any time zone.
_FIRST, _LAST = "0001-01-02", "9999-12-30"
#: Numbers since 1970 from 1973-03-03 to 2286-11-20 (nanoseconds to 2261): the unit in which a number lies
#: there is the only one. Other numbers, such as 20240304 and 20240304120000, are no moments.
_UNITS = ((1e8, 1e10, 1_000_000), (1e11, 1e13, 1_000), (1e14, 1e16, 1), (1e17, 9.2e18, 0.001))
_WHOLE = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)")
_NANOSECONDS = ("TIMESTAMP_NS", "TIMESTAMPTZ_NS")
_NAIVE = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS")
_ZONED = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def is_moment(found: str) -> bool:
    """Whether the values of a DuckDB type are moments or days, of whatever unit and zone."""
    return found in (*_NANOSECONDS, *_NAIVE, *_ZONED, "DATE")


def moment(value: str, found: str) -> str:
    """SQL of type TIMESTAMPTZ for a value; null where it is no moment. What has no zone is UTC.

    Args:
        value: SQL for the value, which is evaluated several times.
        found: DuckDB's type of it.
    """
    if found == "VARCHAR":
        text = f"TRY_CAST({value} AS TIMESTAMPTZ)"
        whole = f"CASE WHEN regexp_full_match({value}, '[0-9]+') THEN TRY_CAST({value} AS BIGINT) END"
        number = f"coalesce({_of_whole(whole)}, {_of_float(f'TRY_CAST({value} AS DOUBLE)')})"
        return f"coalesce(CASE WHEN {_known(text, 'TIMESTAMPTZ')} THEN {text} END, {number})"
    if is_moment(found):
        return _of_moment(value, found)
    if _WHOLE.fullmatch(found):
        return _of_whole(f"TRY_CAST({value} AS BIGINT)")
    if found in ("DOUBLE", "FLOAT") or found.startswith("DECIMAL"):
        return _of_float(f"TRY_CAST({value} AS DOUBLE)")
    return "NULL::TIMESTAMPTZ"


def _of_moment(value: str, found: str) -> str:
    if found in _NANOSECONDS:
        # a cast would round, at the end of a day into the next one
        return f"make_timestamptz(epoch_ns({value}) // 1000)"
    if found in _ZONED:
        return f"CASE WHEN {_known(value, 'TIMESTAMPTZ')} THEN {value} END"
    # DuckDB evaluates a cast for rows, too, that a condition leaves out; some of those end the session
    kind = "DATE" if found == "DATE" else "TIMESTAMP"
    clamped = f"greatest(least({value}, {kind} '{_LAST}'), {kind} '{_FIRST}')"
    return f"CASE WHEN {_known(value, kind)} THEN CAST({clamped} AS TIMESTAMPTZ) END"


def known_date(value: str) -> str:
    """SQL for a date; null in years that Python does not know."""
    return f"CASE WHEN {_known(value, 'DATE')} THEN {value} END"


def shown(value: str, found: str) -> str:
    """SQL for a value as it can be shown: a naive moment before the year -4712 as microseconds since 1970."""
    if found not in _NAIVE:
        return value
    first, last = (f"TIMESTAMP '{day}'" for day in (_FIRST, _LAST))
    clamped = f"CAST(greatest(least({value}, {last}), {first}) AS VARCHAR)"
    return (
        f"CASE WHEN {_known(value, 'TIMESTAMP')} THEN {clamped} ELSE CAST(epoch_us({value}) AS VARCHAR) END"
    )


def _known(value: str, kind: str) -> str:
    return f"{value} BETWEEN {kind} '{_FIRST}' AND {kind} '{_LAST}'"


def _of_whole(number: str) -> str:
    return _since_1970(number, lambda factor: f"{number} * {factor}" if factor >= 1 else f"{number} // 1000")


def _of_float(number: str) -> str:
    # of nanoseconds a float has some 500
    return _since_1970(number, lambda factor: f"CAST(round({number} * {factor!r}) AS BIGINT)")


def _since_1970(number: str, microseconds: Callable[[float], str]) -> str:
    cases = " ".join(
        f"WHEN {number} >= {low!r} AND {number} < {high!r} THEN {microseconds(factor)}"
        for low, high, factor in _UNITS
    )
    return f"make_timestamptz(CASE {cases} END)"

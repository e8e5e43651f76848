"""Moments from whatever a source has for them: every unit and zone, dates, texts, numbers since 1970.

What a value does not say itself, such as the zone of a naive one, the monitor may (`Written`). A value that
is no moment between the years 1 and 9999 becomes null, never an error and never infinity: Python, pandas and
MLflow know no other years, and DuckDB's own casts fail on some of them, or end the session.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.times import Times

#: A day from either end of the years 1 to 9999, so that a moment can be shown in any time zone.
_FIRST, _LAST = "0001-01-02", "9999-12-30"
#: Numbers since 1970 from 1973-03-03 to 2286-11-20 (nanoseconds to 2261): the unit in which a number lies
#: there is the only one. Other numbers, such as 20240304 and 20240304120000, are no moments.
_UNITS = ((1e8, 1e10, 1_000_000), (1e11, 1e13, 1_000), (1e14, 1e16, 1), (1e17, 9.2e18, 0.001))
_WHOLE = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)")
_NANOSECONDS = ("TIMESTAMP_NS", "TIMESTAMPTZ_NS")
_NAIVE = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS")
_ZONED = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


#: Texts of moments that have a zone.
_WITH_ZONE = r":[0-9]{2}([.][0-9]+)? ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$"
#: Microseconds of one of a unit.
_MICROSECONDS: dict[str, float] = {"s": 1e6, "ms": 1e3, "us": 1, "ns": 1e-3}
#: The first and last moment that there are, in microseconds since 1970.
_LEAST, _MOST = -62_135_510_400_000_000, 253_402_041_600_000_000


@dataclass(frozen=True, slots=True)
class Written:
    """What a monitor says of how times are written; empty texts where it says nothing.

    Attributes:
        unit: of numbers since 1970.
        form: of texts, as `strptime` has it.
        zone: of naive times.
    """

    unit: str = ""
    form: str = ""
    zone: str = ""

    @classmethod
    def of(cls, times: Times) -> Written:
        """From a section of the monitor."""
        return cls(times.unit or "", times.format or "", times.zone or "")

    @property
    def known_zone(self) -> bool:
        """Whether every time has a zone, whatever its value is."""
        return bool(self.unit or self.zone or "%z" in self.form)


AS_FOUND = Written()
"""Times that say all themselves."""


def is_moment(found: str) -> bool:
    """Whether the values of a DuckDB type are moments or days, of whatever unit and zone."""
    return found in (*_NANOSECONDS, *_NAIVE, *_ZONED, "DATE")


def always_moments(low: str, high: str, found: str, written: Written = AS_FOUND) -> bool:
    """Whether all values of a DuckDB type between two that are moments are moments, in the same order.

    Args:
        low: the least value, as text.
        high: the greatest.
        found: the type.
        written: what the monitor says of such times.

    >>> always_moments("1709546400", "1709632800", "BIGINT")
    True
    >>> always_moments("1709546400", "1709632800000", "BIGINT"), always_moments("2024", "2025", "VARCHAR")
    (False, False)
    """
    if is_moment(found):
        return True
    if written.form or not _WHOLE.fullmatch(found):
        return False
    # without a unit those between seconds and milliseconds are none
    return bool(written.unit) or any(least <= int(low) and int(high) < most for least, most, _ in _UNITS)


def moment(value: str, found: str, written: Written = AS_FOUND) -> str:
    """SQL of type TIMESTAMPTZ for a value; null where it is no moment.

    Args:
        value: SQL for the value, which is evaluated several times.
        found: DuckDB's type of it.
        written: what the monitor says; of what it leaves open, what has no zone is UTC.
    """
    if written.form and not is_moment(found):
        text = value if found == "VARCHAR" else f"TRY_CAST({value} AS VARCHAR)"
        read = f"try_strptime({text}, {literal(written.form)})"
        return _of_moment(read, "TIMESTAMPTZ" if "%z" in written.form else "TIMESTAMP", written.zone)
    if written.unit and not is_moment(found):
        return _of_unit(value, found, written.unit)
    if found == "VARCHAR" and written.zone:
        told = f"regexp_matches({value}, '{_WITH_ZONE}') OR TRY_CAST({value} AS DOUBLE) IS NOT NULL"
        naive = _of_moment(f"TRY_CAST({value} AS TIMESTAMP)", "TIMESTAMP", written.zone)
        return f"CASE WHEN {told} THEN {_as_found(value, found)} ELSE {naive} END"
    return _of_moment(value, found, written.zone) if is_moment(found) else _as_found(value, found)


def _as_found(value: str, found: str) -> str:
    """SQL for the moment of a value that is a text or a number."""
    if found == "VARCHAR":
        text = f"TRY_CAST({value} AS TIMESTAMPTZ)"
        whole = f"CASE WHEN regexp_full_match({value}, '[0-9]+') THEN TRY_CAST({value} AS BIGINT) END"
        number = f"coalesce({_of_whole(whole)}, {_of_float(f'TRY_CAST({value} AS DOUBLE)')})"
        return f"coalesce(CASE WHEN {_known(text, 'TIMESTAMPTZ')} THEN {text} END, {number})"
    if _WHOLE.fullmatch(found):
        return _of_whole(f"TRY_CAST({value} AS BIGINT)")
    if found in ("DOUBLE", "FLOAT") or found.startswith("DECIMAL"):
        return _of_float(f"TRY_CAST({value} AS DOUBLE)")
    return "NULL::TIMESTAMPTZ"


def _of_unit(value: str, found: str, unit: str) -> str:
    """SQL for the moment of a number of a unit since 1970, or of the text of one."""
    factor = _MICROSECONDS[unit]
    low, high = _LEAST / factor, _MOST / factor
    number = f"TRY_CAST({value} AS DOUBLE)"
    whole = f"TRY_CAST({value} AS BIGINT)"
    exact = f"{whole} * {factor:.0f}" if factor >= 1 else f"{whole} // 1000"
    if found in ("DOUBLE", "FLOAT") or found.startswith("DECIMAL"):
        exact = f"CAST(round({number} * {factor!r}) AS BIGINT)"
    elif found == "VARCHAR":
        # the cast of a text would round a part of a second away
        is_whole = f"regexp_full_match({value}, '[+-]?[0-9]+')"
        exact = f"CASE WHEN {is_whole} THEN {exact} ELSE CAST(round({number} * {factor!r}) AS BIGINT) END"
    elif not _WHOLE.fullmatch(found):
        return "NULL::TIMESTAMPTZ"
    return f"make_timestamptz(CASE WHEN {number} BETWEEN {low!r} AND {high!r} THEN {exact} END)"


def _of_moment(value: str, found: str, zone: str = "") -> str:
    if found in _NANOSECONDS:
        # a cast would round, at the end of a day into the next one
        since = f"epoch_ns({value}) // 1000"
        if zone and not found.startswith("TIMESTAMPTZ"):
            return f"timezone({literal(zone)}, make_timestamp({since}))"
        return f"make_timestamptz({since})"
    if found in _ZONED:
        return f"CASE WHEN {_known(value, 'TIMESTAMPTZ')} THEN {value} END"
    # DuckDB evaluates a cast for rows, too, that a condition leaves out; some of those end the session
    kind = "DATE" if found == "DATE" else "TIMESTAMP"
    clamped = f"greatest(least({value}, {kind} '{_LAST}'), {kind} '{_FIRST}')"
    if zone:
        return (
            f"CASE WHEN {_known(value, kind)} "
            f"THEN timezone({literal(zone)}, CAST({clamped} AS TIMESTAMP)) END"
        )
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

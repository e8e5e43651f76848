"""How a value of a source becomes what the monitor declares, in SQL, and which types lose nothing by it."""

from __future__ import annotations

import re

from obs_dagster.sources.formats.part import JSON, TEXT
from obs_dagster.sources.identifiers import EXACT_WHOLE, text_of
from obs_dagster.sources.sql_types import INTEGERS, NOTHING
from obs_dagster.sources.times import AS_FOUND, Written, is_moment, moment

_NESTED = re.compile(r"\]$|^(STRUCT|MAP|UNION|VARIANT)\b")
#: Lists of numbers, of any length or of one.
_NUMBERS = re.compile(r"(FLOAT|DOUBLE|DECIMAL\([0-9, ]+\)|U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER)\[[0-9]*\]")


def nested(found: str) -> bool:
    """Whether values of a type are made of others: a list is no category, whatever its text."""
    return bool(_NESTED.search(found))


def fits(found: str, declared: str) -> bool:
    """Whether values of the found type are what the declared type means, before looking at any value.

    Whole numbers stored as DOUBLE are no change (pandas does that to integers with nulls), and neither are
    categories stored as integers. A column without values has the type `"NULL"` or a guess; it fits.
    """
    if found in (declared, TEXT, JSON, *NOTHING):
        return True
    same = {
        "BIGINT": _numeric(found),
        "DOUBLE": _numeric(found),
        "VARCHAR": found in INTEGERS
        or found.startswith(("ENUM", "DECIMAL"))
        or found in ("BOOLEAN", "UUID", "BLOB"),
        "BOOLEAN": found in INTEGERS,
        "TIMESTAMPTZ": is_moment(found) or found in INTEGERS,
        "FLOAT[]": bool(_NUMBERS.fullmatch(found)) or found == "VARCHAR",
        "BLOB": False,
    }
    return same[declared]


def converts(found: str, declared: str) -> bool:
    """Whether every value of the found type has a form in the declared type."""
    if declared == "FLOAT[]":
        return bool(_NUMBERS.fullmatch(found))
    if found in (TEXT, JSON) or nested(found):
        return False
    if declared in (found, "VARCHAR") or found in NOTHING:
        return True
    converting = {
        "BIGINT": found in INTEGERS - {"HUGEINT", "UBIGINT", "UHUGEINT"},
        "DOUBLE": _numeric(found),
        "BOOLEAN": False,
        # moments do so long as they are in a year that has a date
        "TIMESTAMPTZ": is_moment(found),
        "BLOB": False,
    }
    return converting[declared]


def can_fail(found: str, declared: str) -> bool:
    """Whether a value of the found type may be null as the declared type, though it is there."""
    if found in NOTHING:
        return False
    if declared == "TIMESTAMPTZ" or (declared == "VARCHAR" and found == "VARCHAR"):
        return True
    return not converts(found, declared)


def cast(value: str, declared: str, found: str, times: Written = AS_FOUND) -> str:
    """SQL that turns a value into its declared type; null where it has no such form."""
    if nested(found) or (declared == "BLOB" != found):
        return f"NULL::{declared}"
    if declared == "BIGINT" and found not in INTEGERS:
        return _whole(value, found)
    if declared == "TIMESTAMPTZ":
        return moment(value, found, times)
    if declared == "VARCHAR":
        text = text_of(value, found)
        # neither SQL's literals nor PostgreSQL's texts can hold a NUL character
        return f"CASE WHEN NOT contains({text}, chr(0)) THEN {text} END" if found == "VARCHAR" else text
    if declared == "DOUBLE" and found == "VARCHAR":
        return _number(value)
    return f"TRY_CAST({value} AS {declared})"


def vector(value: str, found: str) -> str:
    """SQL that turns a list of numbers, or the text of one, into a vector; null where it is none."""
    lists = found in (TEXT, JSON, "VARCHAR") or _NUMBERS.fullmatch(found)
    return f"TRY_CAST({value} AS FLOAT[])" if lists else "NULL::FLOAT[]"


def _number(value: str) -> str:
    """SQL for the number that a text writes; null for one beyond what a float can be, as `1e999` is."""
    number = f"TRY_CAST({value} AS DOUBLE)"
    return f"CASE WHEN NOT isinf({number}) OR regexp_matches({value}, 'inf', 'i') THEN {number} END"


def _numeric(kind: str) -> bool:
    return kind in INTEGERS or kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL")


def _whole(value: str, found: str) -> str:
    """SQL for a whole number, exact whatever its size; null for others, which a cast would round."""
    if found.startswith("DECIMAL"):
        return f"CASE WHEN {value} = trunc({value}) THEN TRY_CAST({value} AS BIGINT) END"
    number = f"TRY_CAST({value} AS DOUBLE)"
    whole = f"CASE WHEN {number} = floor({number}) THEN TRY_CAST({number} AS BIGINT) END"
    if found in EXACT_WHOLE:
        return whole
    text = f"TRY_CAST({value} AS VARCHAR)"
    # as a float, a text of more than 15 digits may be a neighbour
    return (
        f"CASE WHEN regexp_full_match(trim({text}), '[+-]?[0-9]+([.]0*)?') "
        f"THEN TRY_CAST(regexp_replace(trim({text}), '[.]0*$', '') AS BIGINT) "
        f"WHEN abs({number}) < {EXACT_WHOLE['DOUBLE']} THEN {whole} END"
    )

"""The forms of a value: what it may have become on its way from training to the log."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np

Form = tuple[str, Any]
"""A way to see a value, such as `("number", 1)` or `("text", "1")`."""

_WORDS = {"true": True, "false": False}
_INTEGER = re.compile(r"[+-]?\d+$")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?$")


def is_missing(value: Any) -> bool:
    """Whether a value stands for no value: None, NaN, NaT, NA."""
    import pandas as pd

    return value is None or bool(pd.api.types.is_scalar(value) and pd.isna(value))


def number_of(text: str) -> float | int | None:
    """The number that a text is, exactly; None if it is none. `true` and `false` are 1 and 0.

    >>> number_of("10"), number_of("1.50"), number_of("True"), number_of("ten")
    (10, 1.5, 1, None)
    """
    text = text.strip()
    if text.lower() in _WORDS:
        return int(_WORDS[text.lower()])
    try:
        return int(text) if _INTEGER.match(text) else float(text)
    except ValueError:
        return None


def known_forms(value: Any) -> Iterator[Form]:
    """The forms in which the log may have a value of training, the most proper one first."""
    if isinstance(value, str):
        yield "text", value
        if _is_numeral(value):
            # "10" is what 10 became in one place, and "10.0" in another; "010" is a text by itself
            yield "numeral", number_of(value)
        if value.lower() in _WORDS:
            yield "boolean", _WORDS[value.lower()]
        yield from _moment(value)
    elif isinstance(value, (bool, np.bool_)):
        yield "boolean", bool(value)
        yield "number", int(value)
    elif isinstance(value, (int, float, np.number, Decimal)):
        yield from _numbers(value)
        yield "numeral", _plain(value)
        if value in (0, 1):
            yield "boolean", bool(value)
    elif isinstance(value, (dt.date, np.datetime64)):
        yield from _moment(value)


def given_forms(value: Any) -> Iterator[Form]:
    """The forms by which a value of the log may be one of training's, the most proper one first."""
    if isinstance(value, str):
        yield "text", value
        number = number_of(value)
        if value.lower() in _WORDS:
            yield "boolean", _WORDS[value.lower()]
        if number is not None:
            yield from _numbers(number)
            if number in (0, 1):
                yield "boolean", bool(number)
        if _is_numeral(value):
            yield "numeral", number
        yield from _moment(value)
    else:
        yield from known_forms(value)
        if isinstance(value, (bool, np.bool_)):
            yield "numeral", int(value)


def _numbers(value: Any) -> Iterator[Form]:
    plain = _plain(value)
    yield "number", plain
    if isinstance(plain, float) and math.isfinite(plain):
        # stored in 32 bits on one side: 0.1 and 0.10000000149011612
        with np.errstate(over="ignore"):
            yield "single", float(np.float32(plain))


def _plain(value: Any) -> float | int:
    if isinstance(value, (int, np.integer)):
        return int(value)
    number = float(value)
    return int(number) if number.is_integer() else number


def _is_numeral(text: str) -> bool:
    """Whether a text is a number as programs write it: `10`, `10.0`, but neither `010` nor `1e1`."""
    number = number_of(text)
    return number is not None and text in (str(number), str(_plain(number)), f"{_plain(number)}.0")


def _moment(value: Any) -> Iterator[Form]:
    import pandas as pd

    if isinstance(value, str) and not _MOMENT.match(value):
        return
    try:
        moment = pd.Timestamp(value)
    except (ValueError, TypeError):
        return
    if moment.tzinfo is not None:
        moment = moment.tz_convert("UTC").tz_localize(None)
    yield "moment", moment.isoformat()

"""How values of a column are written: with the digits that tell them apart, as far as their spread goes."""

from __future__ import annotations

import math

from obs_dagster.figures import MINUS, given, percent

_FEWEST_DIGITS, _MOST_DIGITS = 3, 7
_LARGEST, _SMALLEST = 1e12, 1e-4
"""What is beyond is written with its power of ten."""

_GROUPED = 10_000
"""Factors from here on have their digits in groups."""

_LONGEST = 24
"""Characters of a category that are shown."""


def value(number: float, spread: float = 0.0) -> str:
    """A value, with the digits that matter beside the spread of all values.

    >>> value(13.4213, 9.0), value(13380.2, 9000.0), value(1013.25, 8.0), value(7.0), value(-0.00123, 0.001)
    ('13.4', '13,380', '1,013.2', '7', '−0.00123')
    >>> value(3.2e15), value(-1.7976931348623157e308, 1e308), value(0.0)
    ('3.2e+15', '−1.8e+308', '0')
    """  # noqa: RUF002 - a real minus sign
    if number == 0 or not math.isfinite(number):
        return "0" if number == 0 else f"{number}"
    size = abs(number)
    first = math.floor(math.log10(size))
    step = math.floor(math.log10(spread)) - 1 if 0 < spread < math.inf else first - _FEWEST_DIGITS + 1
    last = min(max(step, first - _MOST_DIGITS + 1), first - _FEWEST_DIGITS + 1)
    if not _SMALLEST <= size < _LARGEST:
        return f"{number:.3g}".replace("-", MINUS, 1) if number < 0 else f"{number:.3g}"
    rounded = round(size, -last) if first >= _FEWEST_DIGITS or last < 0 else size
    if last >= 0 or rounded == round(rounded):
        text = f"{size:,.0f}"
    else:
        text = f"{size:,.{-last}f}".rstrip("0").rstrip(".")
    return f"{MINUS}{text}" if number < 0 else text


def signed(number: float, spread: float = 0.0) -> str:
    """A difference with its sign.

    >>> signed(15.02, 9.0), signed(-3.0)
    ('+15', '−3')
    """  # noqa: RUF002 - a real minus sign
    return value(number, spread) if number < 0 else f"+{value(number, spread)}"


def factor(number: float) -> str:
    """A factor that was measured.

    >>> factor(1.3042), factor(0.0912)
    ('× 1.3', '× 0.0912')
    """  # noqa: RUF002 - the sign for a product
    return f"× {value(number)}"  # noqa: RUF001 - the sign for a product


def multiple(number: float) -> str:
    """A factor that is known.

    >>> multiple(1000.0), multiple(1.609344), multiple(86_400.0)
    ('1000', '1.609344', '86,400')
    """
    return f"{number:.10g}" if number < _GROUPED else given(number)


def named(category: str) -> str:
    """A category in quotes, so that blanks show; long ones cut.

    >>> named("LGA "), named("x" * 30)
    ("'LGA '", "'xxxxxxxxxxxxxxxxxxxxxxx…'")
    """
    return f"'{category}'" if len(category) <= _LONGEST else f"'{category[: _LONGEST - 1]}…'"


def shares(before: float, after: float) -> str:
    """A share of rows before and after.

    >>> shares(0.042, 0.31)
    '4.2 % → 31 %'
    """
    return f"{percent(before)} → {percent(after)}"


def of_rows(share: float) -> str:
    """Which rows are concerned, before what happened to them; empty if all are.

    >>> of_rows(1.0), of_rows(0.314)
    ('', '31 % of the rows ')
    """
    return "" if share >= 1 else f"{percent(share)} of the rows "

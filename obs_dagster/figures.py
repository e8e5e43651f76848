"""How figures are written, so that none says more, or something else, than the number does."""

from __future__ import annotations

from decimal import Decimal

MINUS = "−"  # noqa: RUF001 - a real minus sign, as wide as a plus

_FINEST = 3
"""Decimals of a percentage that is close to 0 % or 100 %; what is closer is written as a bound."""

_CLOSEST = 5
"""Decimals of a share that is close to 1; what is closer is written as a bound."""

_MOST_DECIMALS = 18
"""What needs more decimals is written with its power of ten."""

_LARGEST = 1e15
"""From here on a float has no decimals, and its digits are more than a reader wants."""


def given(value: float) -> str:
    """A number as somebody wrote it down, such as a threshold: never rounded.

    >>> given(0.965), given(12345.0), given(0.00001)
    ('0.965', '12,345', '0.00001')
    """
    if abs(value) >= _LARGEST:
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return _exact(Decimal(repr(abs(value))), negative=value < 0)


def given_percent(share: float) -> str:
    """A share as somebody wrote it down, in percent: never rounded.

    >>> given_percent(0.965), given_percent(0.07), given_percent(0.00005)
    ('96.5 %', '7 %', '0.005 %')
    """
    return f"{_exact(Decimal(repr(abs(share))) * 100, negative=share < 0)} %"


def percent(share: float) -> str:
    """A share in percent; only nothing is 0 %, and only everything is 100 %.

    >>> percent(0.0512), percent(0.51), percent(1.0), percent(0.0)
    ('5.1 %', '51 %', '100 %', '0.0 %')
    >>> percent(0.9996), percent(0.99999999), percent(0.00002), percent(1e-9)
    ('99.96 %', '>99.999 %', '0.002 %', '<0.001 %')
    """
    size = 100 * share
    fewest = 1 if share < 0.1 else 0  # noqa: PLR2004 - digits
    for decimals in range(fewest, _FINEST + 1):
        text = f"{size:.{decimals}f}"
        if float(text) not in (0.0, 100.0) or float(text) == size:
            return f"{text} %"
    return "<0.001 %" if share < 0.5 else ">99.999 %"  # noqa: PLR2004 - which of the two ends


def decimal(size: float) -> str:
    """A number that is not negative, with two decimals; more for what is small or just below 1.

    >>> decimal(0.0512), decimal(1234.5), decimal(0.0012), decimal(2e-9)
    ('0.05', '1,234', '0.001', '<0.001')
    >>> decimal(0.9996), decimal(1.0), decimal(0.9999999)
    ('0.9996', '1.00', '>0.99999')
    """
    if size >= 100:  # noqa: PLR2004 - digits
        return f"{size:,.0f}"
    if size < 0.01 and size != 0:  # noqa: PLR2004 - digits
        return f"{size:.3f}" if size >= 0.001 else "<0.001"  # noqa: PLR2004 - digits
    for decimals in range(2, _CLOSEST + 1):
        text = f"{size:.{decimals}f}"
        if size >= 1 or float(text) < 1:
            return text
    return ">0.99999"


def signed(value: float) -> str:
    """A difference with its sign, and the digits that a reader can use.

    >>> signed(0.0512), signed(-3.0) == f"{MINUS}3.00"
    ('+0.05', True)
    """
    return f"{'+' if value >= 0 else MINUS}{decimal(abs(value))}"


def told_apart(value: float, limit: float, text: str, *, scale: float = 1.0, unit: str = "") -> str:
    """The text of a value, with more decimals where a reader would take it for the limit or beyond.

    Args:
        value: the value.
        limit: what it is held against.
        text: how the value is written by itself: figures on a `scale`, and a unit.
        scale: what a value is multiplied by to be written.
        unit: what is written behind the figures.

    >>> told_apart(0.9649, 0.965, "0.96"), told_apart(0.3, 0.25, "0.30"), told_apart(0.2504, 0.25, "0.25")
    ('0.96', '0.30', '0.2504')
    >>> told_apart(0.05004, 0.05, "5.0 %", scale=100, unit=" %")
    '5.004 %'
    """
    figure, bound = scale * value, scale * limit
    bare = text.removesuffix(unit)
    decimals = len(bare.partition(".")[2])
    while not _tells(bare, figure, bound):
        decimals += 1
        sign = MINUS if figure < 0 else ""
        if decimals > _MOST_DECIMALS:
            return f"{sign}{abs(figure):.2e}{unit}"
        bare = f"{sign}{abs(figure):,.{decimals}f}"
    return f"{bare}{unit}"


def _tells(text: str, figure: float, limit: float) -> bool:
    """Whether a text, which may be a bound (`<0.001`), shows on which side of a limit the figure is."""
    shown = float(text.lstrip("<>").replace(",", "").replace(MINUS, "-"))
    if text.startswith("<"):
        return shown <= limit
    if text.startswith(">"):
        return shown >= limit
    return _side(shown, limit) == _side(figure, limit)


def _side(figure: float, limit: float) -> int:
    return (figure > limit) - (figure < limit)


def _exact(number: Decimal, *, negative: bool) -> str:
    text = f"{number:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{MINUS}{text}" if negative else text

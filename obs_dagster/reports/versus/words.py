"""Which of two versions is better, in words that may be read every night."""

from __future__ import annotations

from obs_dagster.evaluation.versus import Versus
from obs_dagster.figures import MINUS
from obs_dagster.metrics.registry import definitions
from obs_dagster.verdict.wording import noun, number


def verdict_on(found: Versus) -> str:
    """The verdict on one metric over all rows."""
    name, where = noun(found.metric), found.on
    if found.look is None or found.values is None:
        return f"Nothing is known of {name} {where}: no day has rows of both."
    first, second = (number(found.metric, value) for value in found.values)
    days = f"{found.look.days} day{'s' * (found.look.days != 1)}"
    word = comparative(found.metric)
    told = (
        f"{first} of version {found.first} and {second} of version {found.second} {where}, "
        f"a difference of {difference(found)} after {days}."
    )
    ahead = found.ahead
    if not ahead:
        return f"Nobody can tell yet which has the {word} {name}: {told}"
    other = found.second if ahead == found.first else found.first
    return f"Version {ahead} has the {word} {name} than version {other}: {told}"


def comparative(metric: str) -> str:
    """What the version is that is ahead in a metric.

    >>> comparative("mae"), comparative("positive_share")
    ('better', 'higher')
    """
    known = definitions().get(metric)
    return "better" if known is not None and known.better else "higher"


def difference(found: Versus) -> str:
    """The difference with the interval that holds on all nights."""
    if found.look is None:
        return ""
    largest = max(abs(found.look.low), abs(found.look.high))
    value, low, high = (
        signed(each, largest) for each in (found.look.difference, found.look.low, found.look.high)
    )
    return f"{value} [{low}, {high}]"


def signed(value: float, largest: float = 0.0) -> str:
    """A difference with its sign, and the digits that a reader can use.

    >>> signed(0.0512), signed(-1234.5), signed(0.00002), signed(0.0)
    ('+0.051', '\N{MINUS SIGN}1,234', '+2e\N{MINUS SIGN}05', '+0.000')
    >>> signed(0.00002, 0.04), signed(-0.00002, 0.04)
    ('+0.000', '\N{MINUS SIGN}0.000')

    Args:
        value: the difference.
        largest: the largest number that it is written beside.
    """
    if abs(value) >= 100:  # noqa: PLR2004  digits
        text = f"{value:+,.0f}"
    elif value and max(abs(value), largest) < 0.0005:  # noqa: PLR2004  what three decimals write as nothing
        text = f"{value:+.1g}"
    else:
        text = f"{value:+.3f}"
    return text.replace("-", MINUS)

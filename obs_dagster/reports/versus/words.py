"""Which of two versions is better, in words that may be read every night."""

from __future__ import annotations

from obs_dagster.evaluation.versus import Versus
from obs_dagster.figures import MINUS
from obs_dagster.metrics.registry import definitions
from obs_dagster.verdict.wording import noun, number

WAYS = {
    "same requests": "on the requests that both have scored",
    "same days, same mix": "on the same days, with the mix of segments evened out",
    "same days": "on the same days",
}


def verdict_on(found: Versus) -> str:
    """The verdict on one metric over all rows."""
    name, where = noun(found.metric), WAYS[found.way]
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
    return f"{signed(found.look.difference)} [{signed(found.look.low)}, {signed(found.look.high)}]"


def signed(value: float) -> str:
    """A difference with its sign, and the digits that a reader can use.

    >>> signed(0.0512), signed(-1234.5), signed(0.00002), signed(0.0)
    ('+0.051', '\N{MINUS SIGN}1,234', '+2e\N{MINUS SIGN}05', '+0.000')
    """
    if abs(value) >= 100:  # noqa: PLR2004  digits
        text = f"{value:+,.0f}"
    elif value and abs(value) < 0.0005:  # noqa: PLR2004  what three decimals write as nothing
        text = f"{value:+.1g}"
    else:
        text = f"{value:+.3f}"
    return text.replace("-", MINUS)

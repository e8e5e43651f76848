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
    if not found.look.decided:
        return (
            f"Nobody can tell yet which has the higher {name}: {first} of version {found.first} and {second} "
            f"of version {found.second} {where}, a difference of {difference(found)} after {days}."
        )
    higher, other = (found.first, found.second) if found.look.decided > 0 else (found.second, found.first)
    known = definitions().get(found.metric)
    word = "higher" if known is None or known.better != "higher" else "better"
    return (
        f"Version {higher} has the {word} {name} than version {other}: {first} of version {found.first} and "
        f"{second} of version {found.second} {where}, a difference of {difference(found)} after {days}."
    )


def difference(found: Versus) -> str:
    """The difference with the interval that holds on all nights."""
    if found.look is None:
        return ""
    return f"{signed(found.look.difference)} [{signed(found.look.low)}, {signed(found.look.high)}]"


def signed(value: float) -> str:
    """A difference with its sign."""
    return f"{value:+.3f}".replace("-", MINUS)

"""How far apart the shares of groups are: difference and ratio of the extreme ones, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from obs_dagster.figures import percent
from obs_dagster.metrics.fairness.groups import Groups, Kind, Share
from obs_dagster.metrics.intervals import LEVEL, Interval, Z, newcombe
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.profile.distribution import FloatArray

_DRAWS = 2_000
_NAMED = 3


def difference(groups: Groups, *kinds: Kind) -> Estimate:
    """The greatest difference between two groups, in whichever of some shares it is greatest.

    Of two groups and one share the interval is Newcombe's, folded where it holds 0. Else it is the value,
    give or take the 95 % quantile of what noise makes of it: the range is a norm of the shares' deviations,
    so the interval holds at least as often as it says, wherever the truth is.
    """
    found, why = _shares(groups, kinds)
    if why:
        return Estimate.missing(why, groups.rows)
    shares = [shares for shares, _ in found]
    apart = [_range(np.array([each.value for each in of])) for of in shares]
    widest = int(np.argmax(apart))
    value = float(apart[widest])
    if len(shares) == 1 and len(shares[0]) == 2:  # noqa: PLR2004  a pair
        low, high = _folded(*_ordered(shares[0]))
    else:
        noise = np.max([_range(_noise(of, groups.seed + place)) for place, of in enumerate(shares)], axis=0)
        reach = float(np.quantile(noise, LEVEL))
        low, high = max(0.0, value - reach), min(1.0, value + reach)
    return Estimate(
        value,
        min(low, value),
        max(high, value),
        _rows(shares),
        reason=_told(shares[widest], found[widest][1], groups),
    )


def ratio(groups: Groups, *kinds: Kind) -> Estimate:
    """The least share over the greatest, in whichever of some shares it is least.

    Of two groups and one share the interval is Donner's and Zou's of a ratio, from Wilson's of each share;
    else that of `difference`, on the scale of logarithms.
    """
    found, why = _shares(groups, kinds)
    if why:
        return Estimate.missing(why, groups.rows)
    shares = [shares for shares, _ in found]
    for kind, of in zip(kinds, shares, strict=True):
        if not any(each.part for each in of):
            return Estimate.missing(f"no group has any: {kind.title.lower()}", groups.rows)
    ratios = [min(each.value for each in of) / max(each.value for each in of) for of in shares]
    least = int(np.argmin(ratios))
    value = ratios[least]
    if len(shares) == 1 and len(shares[0]) == 2:  # noqa: PLR2004  a pair
        low, high = _folded_ratio(*_ordered(shares[0]))
    else:
        noise = np.max(
            [_range(_log_noise(of, groups.seed + place)) for place, of in enumerate(shares)], axis=0
        )
        reach = math.exp(float(np.quantile(noise, LEVEL)))
        smooth = [(each.part + 0.5) / (each.whole + 1) for each in shares[least]]
        low, high = value / reach, min(1.0, max(value, min(smooth) / max(smooth)) * reach)
    return Estimate(
        value,
        min(low, value),
        max(high, value),
        _rows(shares),
        reason=_told(shares[least], found[least][1], groups),
    )


def _shares(groups: Groups, kinds: Sequence[Kind]) -> tuple[list[tuple[list[Share], list[str]]], str]:
    """The shares of each kind with the groups that are too small; and why groups can't be compared."""
    if not groups.rows:
        return [], NO_ROWS
    found = [kind.shares(groups) for kind in kinds]
    for kind, (shares, small) in zip(kinds, found, strict=True):
        if len(shares) < 2:  # noqa: PLR2004  a comparison takes two
            few = f"; too small: {_listed(small)}" if small else ""
            return found, f"fewer than two groups have {groups.least} {kind.of}{few}"
    return found, ""


def _told(shares: Sequence[Share], small: Sequence[str], groups: Groups) -> str:
    """Which groups are the extreme ones, and which are too small to be told of."""
    least, most = _ordered(shares)
    told = f"{least.name} {percent(least.value)}, {most.name} {percent(most.value)}"
    return f"{told}; fewer than {groups.least} rows: {_listed(small)}" if small else told


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(sorted(names)[:_NAMED])}{more}"


def _ordered(shares: Sequence[Share]) -> tuple[Share, Share]:
    """The groups with the least and the greatest share."""
    return min(shares, key=lambda each: each.value), max(shares, key=lambda each: each.value)


def _rows(shares: Sequence[Sequence[Share]]) -> int:
    return sum(each.whole for of in shares for each in of)


def _range(values: FloatArray) -> FloatArray:
    """Greatest minus least, along the last axis."""
    found: FloatArray = values.max(axis=-1) - values.min(axis=-1)
    return found


def _noise(shares: Sequence[Share], seed: int) -> FloatArray:
    """How far shares of as many rows lie from the true ones, shape (draws, groups)."""
    spread = np.array([(each.interval[1] - each.interval[0]) / (2 * Z) for each in shares])
    noise: FloatArray = np.random.default_rng(seed).standard_normal((_DRAWS, len(shares))) * spread
    return noise


def _log_noise(shares: Sequence[Share], seed: int) -> FloatArray:
    """Likewise of their logarithms, with half a row more on either side."""
    spread = np.array([math.sqrt(1 / (each.part + 0.5) - 1 / (each.whole + 1)) for each in shares])
    noise: FloatArray = np.random.default_rng(seed).standard_normal((_DRAWS, len(shares))) * spread
    return noise


def _folded(least: Share, most: Share) -> Interval:
    """The interval of the size of a difference whose sign is not known."""
    low, high = newcombe(most.part, most.whole, least.part, least.whole)
    return (0.0 if low <= 0 else low), max(abs(low), abs(high))


def _folded_ratio(least: Share, most: Share) -> Interval:
    """The interval of the ratio of two shares, the lesser over the greater, whichever that is.

    Source: Donner and Zou, Statistical Methods in Medical Research 21 (2012), 347-359.
    """
    (low, high), (most_low, most_high) = least.interval, most.interval
    first, second = least.value, most.value
    product = first * second
    below = most_high * (2 * second - most_high)
    above = most_low * (2 * second - most_low)
    down = product**2 - low * (2 * first - low) * below
    up = product**2 - high * (2 * first - high) * above
    bottom = (product - math.sqrt(max(0.0, down))) / below if below > 0 else low / most_high
    top = (product + math.sqrt(max(0.0, up))) / above if above > 0 else math.inf
    bottom = max(0.0, bottom)
    return (bottom, top) if top <= 1 else (min(bottom, 1 / top), 1.0)

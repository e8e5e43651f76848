"""A change of unit that is known: of all rows, or of those of one client or from one hour on."""

from __future__ import annotations

import numpy as np

from obs_dagster.changes.cause import Cause
from obs_dagster.changes.conversions import CONVERSIONS, Conversion
from obs_dagster.changes.figures import of_rows
from obs_dagster.changes.fit import LEFT, Fit
from obs_dagster.changes.pair import Numbers, Pair
from obs_dagster.changes.spread import Spread

_CLOSEST = 5
"""Conversions that are looked at closely."""

_OFF = 0.02
"""So far, as a part of it, a quantile may be off what a conversion makes of it, beside noise; of a power of
ten, which nothing else comes near, `_OFF_TENS`."""
_OFF_TENS = 0.15

_RARE, _LEFT_OF_RARE = 20.0, 0.2
"""No other change multiplies all values by so much or more: of the distance a larger part may be left, and a
part of the rows may be concerned. Many a change is like a smaller factor by chance."""

_PLACES = (0.5, 0.75, 0.9)
_LEVELS = tuple(np.linspace(0.02, 0.98, 25).tolist())


class Unit:
    """The values in another unit."""

    name = "unit"

    def look(self, pair: Pair) -> Cause | None:
        """The conversion that explains the window; of those that noise does not tell apart the most usual."""
        if not isinstance(pair, Numbers) or not pair.shaped:
            return None
        candidates = [each for each in _closest(pair) if not (each.units and _shares(pair))]
        found = {each: fit for each in candidates if (fit := _fitted(pair, each)) is not None}
        if not found:
            return None
        loose = min(fit.left for fit in found.values()) + pair.noise / 2
        conversion = min((each for each, fit in found.items() if fit.left <= loose), key=CONVERSIONS.index)
        fit = found[conversion]
        units = f" ({conversion.units})" if conversion.units else ""
        return Cause(
            self.name,
            f"{of_rows(fit.share)}{conversion.told}: a change of unit{units}?",
            fit.share,
            fit.left,
            # to choose one of many small factors is to fit one
            fitted=0 if _rare(conversion) else 1,
            numbers={"factor": conversion.factor, "offset": conversion.offset},
        )


def _fitted(pair: Numbers, conversion: Conversion) -> Fit | None:
    """How well a conversion explains the window; None if it does not."""
    changed = pair.was.mapped(conversion)
    rare = _rare(conversion)
    parts = rare or conversion.factor == 1
    fit = pair.explained(changed, parts=parts, close=not rare, left=_LEFT_OF_RARE if rare else LEFT)
    if fit is None:
        return None
    if fit.share >= 1 and not _in_place(pair, changed, conversion):
        return None
    proven = fit.share < 1 or pair.proven(changed, conversion.factor, conversion.offset)
    return fit if proven else None


def _shares(pair: Numbers) -> bool:
    """Whether values are shares or probabilities on both sides, which have no unit."""
    ends = [side.quantiles((0.0, 1.0)).tolist() for side in (pair.was, pair.now)]
    return all(low >= 0 and high <= 1 for low, high in ends)


def _rare(conversion: Conversion) -> bool:
    """Whether it takes values so far that nothing else comes near."""
    return max(conversion.factor, 1 / conversion.factor) >= _RARE


def _closest(pair: Numbers) -> list[Conversion]:
    """The conversions whose values lie closest to what is new in the window.

    What is new is where the window has rows and the baseline has not; a conversion of a part of the rows
    takes values there.
    """
    was = pair.was.quantiles(_LEVELS)
    at = np.unique(np.concatenate([pair.now.quantiles(_LEVELS), was]))
    start = pair.was.half_below(at)
    seen = pair.now.half_below(at) - start
    images = np.array([np.sort(conversion(was)) for conversion in CONVERSIONS])
    whole = (images[:, :, None] <= at).mean(axis=1) - start
    power = (whole * whole).sum(axis=1)
    share = np.clip(np.divide(whole @ seen, power, out=np.zeros_like(power), where=power > 0), 0.0, 1.0)
    left = np.abs(seen - share[:, None] * whole).max(axis=1)
    return [CONVERSIONS[place] for place in np.argsort(left, kind="stable")[:_CLOSEST]]


def _in_place(pair: Numbers, changed: Spread, conversion: Conversion) -> bool:
    """Whether one of the window's upper quantiles is where the conversion takes that of the baseline.

    Of values that are often 0 the middle one may be anywhere.
    """
    expected, found = (side.quantiles(_PLACES) for side in (changed, pair.now))
    lower, upper = changed.quantiles((0.25, 0.75)).tolist()
    # a quantile of a sample is off by about the noise, as a share of rows, of its density there
    loose = pair.noise * (upper - lower)
    loose += float(np.average(pair.now.high - pair.now.low, weights=pair.now.mass)) / 2
    off = _OFF if conversion.units else _OFF_TENS
    return bool((np.abs(found - expected) <= off * np.abs(expected) + loose).any())


CAUSE = Unit()

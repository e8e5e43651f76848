"""What nights tell by themselves: the effect of the newest version, where the monitor asks for it."""

from __future__ import annotations

import datetime as dt

from obs_dagster.evaluation.effect import MOST_DAYS, VersionEffect, effect
from obs_dagster.evaluation.effect_outcome import EffectError
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.where import Period


def newest_effect(night: Night, day: dt.date, versions: tuple[str, str] | None) -> VersionEffect | None:
    """The effect of the newest of two versions that serve, up to a day; None if nobody asks for it.

    Args:
        night: what it is evaluated with.
        day: the last day whose labels count.
        versions: the newest version, and the one that it is held against; None if one serves alone.

    Raises:
        LakeError: a table of the lake is damaged.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    asked = night.monitor.effect
    if asked is None or versions is None:
        return None
    second, first = versions
    try:
        return effect(
            night, first, second, Period(day - dt.timedelta(days=MOST_DAYS - 1), day), asked.outcome
        )
    except EffectError:
        # rows stay elsewhere, or another kind of model: `obs effect` says which
        return None

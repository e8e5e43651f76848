"""What nights compare by themselves: the newest version against the champion, or the one before it."""

from __future__ import annotations

import datetime as dt

from obs_dagster.evaluation.champion import evidence_begins
from obs_dagster.evaluation.champion_kept import kept_champion
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.versus import Versus, VersusError, labelled_versions, metrics_to_compare, versus
from obs_dagster.evaluation.where import Period
from obs_dagster.verdict.record_index import natural

DAYS, ACTIVE = 56, 7
"""Days that are compared, and the last of them in which a version has to have served."""


def newest_versus(night: Night, day: dt.date) -> list[Versus]:
    """The newest version against the champion, or without one against the one before it, up to a day.

    There is nothing if there is one version only. Against the champion it is over all days that rules on it
    look at. No row is read: requests that both have scored are those that nights have paired.

    Raises:
        LakeError: the outcomes of a day are damaged.
    """
    try:
        metrics = metrics_to_compare(night.monitor)
        active = labelled_versions(night, Period(day - dt.timedelta(days=ACTIVE - 1), day))
        champion = kept_champion(night, day) if night.monitor.champion else None
        versions = sorted(active - ({champion.version} if champion else set()), key=natural)
        first = day - dt.timedelta(days=DAYS - 1)
        if champion and versions:
            first = evidence_begins(night, versions[-1], champion.version, day)
            versions = [champion.version, versions[-1]]
        if len(versions) < 2:  # noqa: PLR2004  a comparison takes two
            return []
        return versus(night, versions[-1], versions[-2], Period(first, day), metrics, pair=False)
    except VersusError:
        # no labels, or no day in common: nothing that could be compared
        return []

"""What nights compare by themselves: the newest version against the one before it."""

from __future__ import annotations

import datetime as dt

from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.versus import Versus, VersusError, labelled_versions, metrics_to_compare, versus
from obs_dagster.evaluation.where import Period, WhereError
from obs_dagster.verdict.record_index import natural

DAYS, ACTIVE = 56, 7
"""Days that are compared, and the last of them in which a version has to have served."""


def newest_versus(night: Night, day: dt.date) -> list[Versus]:
    """The newest version against the one before it, up to a day; none if there is one only.

    No row is read, so requests that both have scored are not paired.

    Raises:
        LakeError: the outcomes of a day are damaged.
    """
    try:
        metrics = metrics_to_compare(night.monitor)
        active = labelled_versions(night, Period(day - dt.timedelta(days=ACTIVE - 1), day))
        versions = sorted(active, key=natural)
        if len(versions) < 2:  # noqa: PLR2004  a comparison takes two
            return []
        period = Period(day - dt.timedelta(days=DAYS - 1), day)
        return versus(night, versions[-1], versions[-2], period, metrics, pair=False)
    except (WhereError, VersusError):
        # another kind of model, no labels, or no day in common: nothing that could be compared
        return []

"""Evaluating days against baselines without the days that were in breach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import replace

from obs_dagster.alerts.rules.breaches import breaches
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.parallel import Learn
from obs_dagster.history import History
from obs_dagster.metrics.definition import Family


def without_breaches(
    night: Night, family: Family, days: Collection[dt.date], history: History
) -> tuple[Night, Learn | None]:
    """What a stage evaluates days with, and what has to learn each day's records before the next one."""
    left_out = breaches(night.monitor, history, family, days)
    return (night, None) if left_out is None else (replace(night, breached=left_out), left_out.add)

"""What people see of a version's outcomes beside its metrics, over one window."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

from obs_dagster.evaluation.baseline_outcomes import baseline_outcomes
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.windows import whole_outcomes
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.tasks.outcomes import OutcomeProfile
from obs_dagster.tasks.protocol import task_of
from obs_dagster.tasks.sections import Section, has_sections, sections_of


def outcome_sections(night: Night, day: dt.date, window: int) -> dict[str, tuple[Section, ...]]:
    """By version, what its task shows of the outcomes of the window that ends on a day.

    Raises:
        LakeError: the outcomes of a day are damaged, or the baseline has not been prepared.
    """
    monitor, task = night.monitor, task_of(night.monitor)
    kind = task.outcomes
    if kind is None or monitor.labels is None or not has_sections(task):
        return {}
    profile = whole_outcomes(night.outcomes, day, window, kind)

    def inputs(given: OutcomeProfile, version: str) -> Mapping[str, Any]:
        drawn = seed(monitor.model, version, WHOLE, day)
        return dict(kind.inputs(given.cell(version, WHOLE), monitor, WHOLE, drawn))

    def beside(version: str) -> Mapping[str, Any]:
        found = baseline_outcomes(night, version, day, kind)
        return inputs(found, version) if found is not None else {}

    return {
        version: sections_of(task, inputs(profile, version), monitor, partial(beside, version))
        for version in profile.versions()
    }

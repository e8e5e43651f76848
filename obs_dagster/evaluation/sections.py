"""What people see of a version's outcomes beside its metrics, over one window."""

from __future__ import annotations

import datetime as dt

from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.windows import whole_outcomes
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.tables import OUTCOMES
from obs_dagster.tasks.protocol import task_of
from obs_dagster.tasks.sections import HasSections, Section, sections_of


def outcome_sections(
    monitor: Monitor, lake: Lake, day: dt.date, window: int
) -> dict[str, tuple[Section, ...]]:
    """By version, what its task shows of the outcomes of the window that ends on a day.

    Raises:
        LakeError: the outcomes of a day are damaged.
    """
    task = task_of(monitor)
    kind = task.outcomes
    if kind is None or monitor.labels is None or not isinstance(task, HasSections):
        return {}
    profile = whole_outcomes(lake.table(monitor.model, OUTCOMES), day, window, kind)
    found = {}
    for version in profile.versions():
        drawn = seed(monitor.model, version, WHOLE, day)
        inputs = dict(kind.inputs(profile.cell(version, WHOLE), monitor, WHOLE, drawn))
        found[version] = sections_of(task, inputs, monitor)
    return found

"""Groups of people compared, from the stored outcomes of days; no row is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from obs_dagster.errors import ObsError
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.windows import read_outcomes
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.fairness.groups import Groups
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.cells import cut_of, values_of
from obs_dagster.profile.distribution import OTHER
from obs_dagster.tasks.outcomes import HasGroups, OutcomeProfile
from obs_dagster.tasks.protocol import task_of


class FairnessError(ObsError):
    """No groups can be compared: the monitor names none, or nothing is known of the days."""


@dataclass(frozen=True, slots=True)
class AttributeFairness:
    """How a version treats the groups of one attribute.

    Attributes:
        version: the version.
        groups: the counts of each group.
        estimates: what the metrics of fairness say, by name.
    """

    version: str
    groups: Groups
    estimates: Mapping[str, Estimate]


def compared_groups(
    profile: OutcomeProfile, version: str, monitor: Monitor, day: dt.date
) -> Iterator[AttributeFairness]:
    """Every attribute of a version with what is said of its groups.

    Rows that lack an attribute, and rare values that share a cell, are no group.

    Args:
        profile: the outcomes of some days.
        version: the version.
        monitor: names the attributes.
        day: the last of the days.
    """
    kind, fairness = profile.kind, monitor.fairness
    if not isinstance(kind, HasGroups):
        return
    needs_labels = monitor.labels is not None
    wanted = {
        name
        for name, metric in family("fairness", monitor.task).items()
        if needs_labels or not metric.definition.needs_labels
    }
    cells = profile.segments(version)
    for cut in fairness.cuts:
        found = [
            kind.group(profile.cell(version, cell), cell, fairness)
            for cell in cells
            if cut_of(cell) == cut and not {None, OTHER}.intersection(values_of(cell).values())
        ]
        attribute = ",".join(cut)
        drawn = seed(monitor.model, version, attribute, day)
        groups = Groups(attribute, found, fairness.min_group, drawn)
        yield AttributeFairness(version, groups, evaluate("fairness", groups, task=monitor.task, only=wanted))


def fairness_between(night: Night, first: dt.date, last: dt.date) -> list[AttributeFairness]:
    """How every version treated the groups of every attribute on some days together.

    Raises:
        FairnessError: the monitor names no attribute, or no day has outcomes.
        LakeError: the outcomes of a day are damaged.
    """
    monitor, kind = night.monitor, task_of(night.monitor).outcomes
    if kind is None or not monitor.fairness.attributes:
        raise FairnessError(
            f"The monitor of {monitor.model} names no attribute that groups could be told apart by.",
            remedy="Name some: `fairness: {attributes: [sex]}` in the monitor.",
        )
    days = night.outcomes.days_between(first, last)
    if not days:
        raise FairnessError(
            f"No day of {monitor.model} from {first} to {last} has outcomes.",
            remedy=f"Run its nights: obs backfill {monitor.model} --from {first} --to {last}",
        )
    profile = OutcomeProfile.merged((read_outcomes(night, each, kind) for each in days), kind)
    return [
        each for version in profile.versions() for each in compared_groups(profile, version, monitor, last)
    ]

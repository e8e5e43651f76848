"""Groups of people compared, from the stored outcomes of days; no row is read."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from obs_dagster.errors import ObsError
from obs_dagster.evaluation.groups_apart import GroupsApart, groups_apart
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.windows import read_outcomes, window_days
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.fairness.groups import Groups
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import cut_of, values_of
from obs_dagster.profile.distribution import OTHER
from obs_dagster.tasks.outcomes import Cell, HasGroups, OutcomeProfile, OutcomeTable
from obs_dagster.tasks.protocol import task_of

NONE_APART = GroupsApart(None)
"""No groups are told apart by anything but the log."""

_TENS = 10
_FINE = re.compile(r"<?(\d+\.\d+) %")
"""A share in words that is finer than whole points."""


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
    profile: OutcomeProfile, version: str, monitor: Monitor, day: dt.date, apart: GroupsApart = NONE_APART
) -> Iterator[AttributeFairness]:
    """Every attribute of a version with what is said of its groups.

    Rows that lack an attribute, and rare values that share a cell, are no group.

    Args:
        profile: the outcomes of some days.
        version: the version.
        monitor: names the attributes.
        day: the last of the days.
        apart: the groups of the same days that are told apart by what the log does not have.
    """
    kind, fairness = profile.kind, monitor.fairness
    if not isinstance(kind, HasGroups):
        return
    predictions = _rows(profile.cell(version, WHOLE))
    needs_labels = monitor.labels is not None
    wanted = {
        name
        for name, metric in family("fairness", monitor.task).items()
        if needs_labels or not metric.definition.needs_labels
    }
    for cut in fairness.cuts:
        held = cut in fairness.cuts_apart
        counted = apart.profile if held else profile
        cells = [] if counted is None else [c for c in counted.segments(version) if cut_of(c) == cut]
        known = [cell for cell in cells if None not in values_of(cell).values()]
        found = [
            kind.group(counted.cell(version, cell), cell, fairness)
            for cell in known
            if counted is not None and OTHER not in values_of(cell).values()
        ]
        # of days on which nobody could look nothing is known either
        of_groups = sum(_rows(counted.cell(version, cell)) for cell in known) if counted is not None else 0
        attribute = ",".join(cut)
        groups = Groups(
            attribute,
            found,
            fairness.min_group,
            seed(monitor.model, version, attribute, day),
            unknown=predictions - of_groups if cells or held else 0,
            apart=held,
            reason=apart.reason if held and counted is None else "",
        )
        estimates = evaluate("fairness", groups, task=monitor.task, only=wanted)
        told = {name: rounded(each) for name, each in estimates.items()} if held else estimates
        yield AttributeFairness(version, groups, told)


def rounded(estimate: Estimate) -> Estimate:
    """An estimate to whole points, its interval outwards, and its rows to tens.

    Windows that differ by a day differ by less than that in most things, so that nobody can subtract them to
    learn of the few people of the day.
    """
    reason = _FINE.sub(lambda share: f"{round(float(share[1]))} %", estimate.reason)
    estimate = replace(estimate, n=estimate.n // _TENS * _TENS, reason=reason)
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return estimate
    return replace(
        estimate,
        value=round(estimate.value, 2),
        low=math.floor(100 * estimate.low) / 100,
        high=math.ceil(100 * estimate.high) / 100,
    )


def groups_in_window(night: Night, day: dt.date, window: int, kind: OutcomeTable) -> GroupsApart:
    """The groups of a window that are told apart by what the log does not have; none if there are no such."""
    if not night.monitor.fairness.cuts_apart:
        return NONE_APART
    return groups_apart(night, window_days(night.outcomes, day, window), kind)


def _rows(cell: Cell) -> int:
    return int(cell["n"].sum())


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
    apart = groups_apart(night, days, kind) if monitor.fairness.cuts_apart else NONE_APART
    return [
        each
        for version in profile.versions()
        for each in compared_groups(profile, version, monitor, last, apart)
    ]

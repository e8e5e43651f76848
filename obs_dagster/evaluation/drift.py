"""Drift of a day, with what moved in the values' own terms; the latter is kept by day in the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.changes.change import Change, Changes, Reference
from obs_dagster.changes.describe import Moved, describe
from obs_dagster.changes.missing import missing_moved
from obs_dagster.errors import LakeError
from obs_dagster.evaluation.drift_records import Compared, drift_of_columns, drifting_columns
from obs_dagster.evaluation.multivariate import multivariate_records
from obs_dagster.evaluation.night import Night, never
from obs_dagster.lake.lake import Lake, read_json, write_json
from obs_dagster.metrics.drift.psi import MOVED
from obs_dagster.metrics.record import Estimate, MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.alerting import Rule
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import is_cell
from obs_dagster.profile.columns import ProfiledColumn
from obs_dagster.telemetry.traces import span
from obs_dagster.workers import in_order

CHANGES = "changes"
"""The folder of the lake; `day=…/changes.json` has a list of `Change.as_json` under `changes`."""

#: Blocks of columns of a wide log from which on processes side by side are worth their start.
_FEWEST_BLOCKS = 12


@dataclass(frozen=True, slots=True)
class DayDrift:
    """What the drift stage finds of a day.

    Attributes:
        records: every drift metric, and those of several columns that are watched.
        changes: what is told of the columns that moved.
    """

    records: list[MetricRecord]
    changes: list[Change]


def drift_of_day(night: Night, day: dt.date) -> DayDrift:
    """The drift of one day; nothing is written."""
    watch, records = _Watch(night.monitor), list[MetricRecord]()
    evaluate, blocks = partial(_of_blocks, night, day), drifting_columns(night)
    # what is learned of one day for the next is not known elsewhere
    alone = night.breached is not never or not night.monitor.engine.reads_here
    with span("drift") as told:
        for found, moved in evaluate(blocks) if alone else in_order(evaluate, blocks, fewest=_FEWEST_BLOCKS):
            records += found
            watch.moved += moved
        records += multivariate_records(night, day)
        told.set(records=len(records))
    return DayDrift(records, watch.changes(day))


def _of_blocks(
    night: Night, day: dt.date, blocks: Iterable[Sequence[ProfiledColumn]]
) -> Iterator[tuple[list[MetricRecord], list[tuple[float, Moved]]]]:
    """The records of some columns at a time, and which of these moved by how much."""
    for columns in blocks:
        watch = _Watch(night.monitor)
        yield list(drift_of_columns(columns, night, day, watch.see)), watch.moved


def keep_changes(model: str, lake: Lake, day: dt.date, changes: Sequence[Change]) -> None:
    """Replace what is told of the columns that moved on a day, atomically."""
    write_json(_path(model, lake, day), {"changes": [change.as_json() for change in changes]})


def changes_of(model: str, lake: Lake, day: dt.date) -> Changes:
    """What moved on a day; nothing if it was not evaluated yet.

    Raises:
        LakeError: the file is damaged, or another version's.
    """
    path = _path(model, lake, day)
    document = read_json(path)
    try:
        found = () if document is None else document["changes"]
        return Changes(tuple(Change.from_json(each) for each in found))
    except (KeyError, TypeError, ValueError) as error:
        raise LakeError(
            f"{path} is not as this version writes it ({type(error).__name__}: {error}).",
            remedy=f"Run the day {day} again.",
        ) from error


def _path(model: str, lake: Lake, day: dt.date) -> Path:
    return lake.folder(model, CHANGES) / f"day={day.isoformat()}" / "changes.json"


@dataclass
class _Watch:
    """Keeps the counts of the columns that moved, while drift is computed."""

    monitor: Monitor
    moved: list[tuple[float, Moved]] = field(default_factory=list)

    def see(self, compared: Compared) -> None:
        """Look whether a column has moved over windows that hold the same rows; in cells that rules watch."""
        segment, estimates = compared.segment, compared.estimates
        rules = [
            rule
            for rule in self._about_values
            if segment == WHOLE or any(is_cell(each, segment) for each in rule.segments)
        ]
        before, after = compared.comparison.baseline, compared.comparison.current
        unseen = segment != WHOLE and not rules
        if unseen or before is None or not before.rows or not after.rows:
            return
        values = _values_moved(estimates) or _breached(rules, compared)
        if values or (segment == WHOLE and missing_moved(before, after)):
            sizes = (estimates[name].value for name in ("psi", "missing_drift") if name in estimates)
            moved = Moved(
                compared.version,
                compared.column,
                compared.windows,
                before,
                after,
                values=values,
                segment=segment,
            )
            self.moved.append((max(abs(each or 0.0) for each in sizes), moved))

    def changes(self, day: dt.date) -> list[Change]:
        """What is told of them: by version, the shortest window and the gravest first."""
        self.moved.sort(
            key=lambda each: (each[1].version, each[1].windows, -each[0], each[1].column, each[1].segment)
        )
        moved = [each for _, each in self.moved]
        reference = _reference(self.monitor, day)
        return describe(moved, {each.version: reference for each in moved}, day)

    @cached_property
    def _about_values(self) -> list[Rule]:
        """The rules about how values moved."""
        known = family("drift")
        return [
            rule
            for whole in self.monitor.alerts
            for rule in whole.parts
            if rule.metric in known and not rule.metric.startswith("missing")
        ]


def _breached(rules: Sequence[Rule], compared: Compared) -> bool:
    """Whether the column is beyond the threshold of one of some rules."""
    return any(
        rule.metric in compared.estimates
        and rule.window in compared.windows
        and rule.watches_column(compared.column)
        and _beyond(rule, compared.estimates[rule.metric].value)
        for rule in rules
    )


def _values_moved(estimates: Mapping[str, Estimate]) -> bool:
    """Whether the values have moved by more than noise and what counts as a shift."""
    psi = estimates.get("psi", Estimate.missing(""))
    low = psi.value if psi.low is None else psi.low
    return low is not None and low > MOVED


def _beyond(rule: Rule, value: float | None) -> bool:
    if value is None or rule.threshold.of is not None:
        return False
    limit = rule.threshold.number
    return value > limit if rule.direction == "above" else value < limit


def _reference(monitor: Monitor, day: dt.date) -> Reference:
    """What a night is compared with."""
    baseline = baseline_of(monitor)
    # of nights there are none before the first
    nights = [each for each in baseline.nights(day) or () if each >= monitor.start]
    days = nights or baseline.evaluated(day)
    kind = monitor.baseline.kind
    return Reference(kind, min(days), max(days)) if days else Reference(kind)

"""The segments in which a version is worst."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.alerting import Rule
from obs_dagster.monitor.model import Monitor
from obs_dagster.reports.headline import headline_window, needs_labels, settled_through
from obs_dagster.reports.health.cell import TOP, Cell, cell, place
from obs_dagster.reports.record_index import RecordIndex
from obs_dagster.reports.wording import day_month, number


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment cell; `note` is the caveat or what stands out."""

    segment: str
    recall: Cell
    precision: Cell
    note: str
    alarming: bool


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """The worst segment cells of one version; `whole` is the recall of all rows as a place on the axis."""

    version: str
    period: str
    rows: Sequence[SegmentRow]
    whole: float | None
    whole_text: str
    empty: str


def segment_table(monitor: Monitor, index: RecordIndex, version: str, day: dt.date) -> SegmentTable:
    """The segment cells with the lowest recall, on the last day with complete labels; small ones last."""
    window, settled = headline_window(monitor), settled_through(monitor, day)
    if not monitor.segments:
        return SegmentTable(version, "", (), None, "", "The monitor declares no segments.")
    if settled is None:
        return SegmentTable(version, "", (), None, "", "The monitor has no labels.")
    whole = index.series("recall", version, window)
    days = [at for at, record in whole.items() if record.value is not None]
    last = max((at for at in days if at <= settled), default=max(days, default=None))
    if last is None:
        return SegmentTable(version, "", (), None, "", "No labels yet.")
    overall = whole[last].value
    needed = rows_to_judge(monitor)
    rows: list[tuple[tuple[bool, float], SegmentRow]] = []
    for segment in index.segments("recall", version, window):
        recall = index.at(last, "recall", version, window, segment=segment)
        if recall is None:
            continue
        precision = index.at(last, "precision", version, window, segment=segment)
        row = _segment_row(segment, recall, precision, overall, needed)
        few = recall.n < needed or recall.value is None
        rows.append(((few, 1.0 if recall.value is None else recall.value), row))
    rows.sort(key=lambda entry: (entry[0], entry[1].segment))
    note = "" if last <= settled else ", labels not complete"
    return SegmentTable(
        version=version,
        period=f"{window} days to {day_month(last)}{note}",
        rows=[row for _, row in rows[:TOP]],
        whole=None if overall is None else place(overall, 1.0),
        whole_text=number("recall", overall),
        empty="" if rows else "No segment had rows.",
    )


def _segment_row(
    segment: str, recall: MetricRecord, precision: MetricRecord | None, overall: float | None, needed: int
) -> SegmentRow:
    note, alarming = "", False
    if recall.value is None:
        note = recall.reason
    elif recall.n < needed:
        note = "too few to judge"
    elif overall is not None and recall.high is not None and recall.high < overall:
        note, alarming = "below the whole", True
    return SegmentRow(segment, cell(recall, 1.0), cell(precision, 1.0), note, alarming)


def rows_to_judge(monitor: Monitor) -> int:
    """Rows that a value needs before it is judged: the least that a rule on performance asks for."""
    asked = [rule.min_rows for rule in monitor.alerts if needs_labels(rule.metric)]
    return min(asked, default=int(Rule.model_fields["min_rows"].default))

"""The segments in which a version is worst."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import shown_in
from obs_dagster.monitor.alerting import Rule
from obs_dagster.monitor.model import Monitor
from obs_dagster.reports.health.cell import TOP, Cell, cell, place
from obs_dagster.verdict.headline import headline_window, needs_labels, settled_through
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import day_month, number


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment cell; `note` is the caveat or what stands out, `second` what another metric says."""

    segment: str
    first: Cell
    second: Cell | None
    note: str
    alarming: bool


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """The worst segment cells of one version; `whole` is the value of all rows as a place on the axis.

    `headings` are those of the metric by which they are ordered, and of the one beside it.
    """

    version: str
    period: str
    rows: Sequence[SegmentRow]
    whole: float | None
    whole_text: str
    empty: str
    headings: Sequence[str] = ()
    counts: str = ""


def segment_table(monitor: Monitor, index: RecordIndex, version: str, day: dt.date) -> SegmentTable:
    """The segment cells that are worst by the task's leading metric; small ones last.

    They are of the last day with complete labels, or of the last day with any.
    """
    leading = _leading(monitor)
    if not monitor.segments:
        return SegmentTable(version, "", (), None, "", "The monitor declares no segments.")
    settled = settled_through(monitor, day)
    if settled is None or not leading:
        return SegmentTable(version, "", (), None, "", "The monitor has no labels.")
    return _worst(monitor, index, version, leading, settled)


def _leading(monitor: Monitor) -> list[Definition]:
    """The metric by which cells are ordered, and the one that is shown beside it."""
    return [each for each in shown_in("verdict", monitor.task) if each.cells == "every"][:2]


def order_of_cells(monitor: Monitor) -> str:
    """How the table is ordered, in words."""
    return " ".join(
        f"{'highest' if each.better == 'lower' else 'lowest'} {each.in_a_sentence} first; "
        for each in _leading(monitor)[:1]
    )


def _worst(
    monitor: Monitor, index: RecordIndex, version: str, leading: Sequence[Definition], settled: dt.date
) -> SegmentTable:
    window, first = headline_window(monitor), leading[0]
    whole = index.series(first.name, version, window)
    days = [at for at, record in whole.items() if record.value is not None]
    last = max((at for at in days if at <= settled), default=max(days, default=None))
    if last is None:
        return SegmentTable(version, "", (), None, "", "No labels yet.")
    overall, needed = whole[last].value, rows_to_judge(monitor)
    cells = {
        segment: [index.at(last, each.name, version, window, segment=segment) for each in leading]
        for segment in index.segments(first.name, version, window)
    }
    known = {segment: (found[0], found[1:]) for segment, found in cells.items() if found[0] is not None}
    longest = 1.0 if first.unit == "share" else _longest(found for found, _ in known.values())
    sign = -1.0 if first.better == "lower" else 1.0
    rows: list[tuple[tuple[bool, float], SegmentRow]] = []
    for segment, (record, others) in known.items():
        note, alarming = _note(record, overall, needed, first)
        second = cell(others[0], longest) if others else None
        row = SegmentRow(segment, cell(record, longest), second, note, alarming)
        few = record.n < needed or record.value is None
        rows.append(((few, math.inf if record.value is None else sign * record.value), row))
    rows.sort(key=lambda entry: (entry[0], entry[1].segment))
    told = "" if last <= settled else ", labels not complete"
    return SegmentTable(
        version=version,
        period=f"{window} days to {day_month(last)}{told}",
        rows=[row for _, row in rows[:TOP]],
        whole=None if overall is None else place(overall, longest),
        whole_text=number(first.name, overall),
        empty="" if rows else "No segment had rows.",
        headings=[each.headed for each in leading],
        counts=first.counts.capitalize(),
    )


def _longest(records: Iterable[MetricRecord]) -> float:
    """How far an axis must reach so that values and intervals lie on it."""
    ends = [abs(end) for record in records for end in (record.value, record.high) if end is not None]
    return max(ends, default=0.0) or 1.0


def _note(record: MetricRecord, overall: float | None, needed: int, metric: Definition) -> tuple[str, bool]:
    """What to know of a cell's value, and whether it is worse than that of all rows beyond its interval."""
    if record.value is None:
        return record.reason, False
    if record.n < needed:
        return "too few to judge", False
    if overall is None:
        return "", False
    if metric.better == "lower" and record.low is not None and record.low > overall:
        return "above the whole", True
    if metric.better == "higher" and record.high is not None and record.high < overall:
        return "below the whole", True
    return "", False


def rows_to_judge(monitor: Monitor) -> int:
    """Rows that a value needs before it is judged: the least that a rule on performance asks for."""
    asked = [part.min_rows for rule in monitor.alerts for part in rule.parts if needs_labels(part.metric)]
    return min(asked, default=int(Rule.model_fields["min_rows"].default))

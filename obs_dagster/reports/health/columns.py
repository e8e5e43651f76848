"""The columns of a version that moved most."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.model import Monitor
from obs_dagster.reports.health.cell import TOP, Cell, cell
from obs_dagster.verdict.headline import headline_window
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import OFF_THE_SCALE, UNKNOWN, day_month, listing, number, off_the_scale

_SURE = 0.001


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """How far one column moved, and how likely that is for days that differ as the baseline's do."""

    column: str
    psi: Cell
    moved_by: str
    likely: str
    missing: str
    missing_moved: bool


@dataclass(frozen=True, slots=True)
class ColumnTable:
    """The columns of one version that moved most.

    Attributes:
        note: whose PSI is off its scale.
        unsure: why it is not said how likely days are to differ so.
    """

    version: str
    rows: Sequence[ColumnRow]
    note: str
    unsure: str
    others: int
    empty: str


def column_table(monitor: Monitor, index: RecordIndex, version: str, day: dt.date) -> ColumnTable:
    """The columns that moved most over the headline window that ends on `day`.

    They are in order of the larger of PSI and change of the missing share, which the PSI does not see.
    """
    window = headline_window(monitor)
    moved = [
        record
        for column in index.columns("psi", version, window)
        if (record := index.at(day, "psi", version, window, column=column)) and record.value is not None
    ]
    moved.sort(key=lambda record: (-_movement(index, record), record.column))
    longest = max((record.high or record.value or 0.0 for record in moved[:TOP]), default=0.0)
    rows = [_column_row(index, version, day, record, max(longest, 0.5)) for record in moved[:TOP]]
    empty = "" if rows else f"No drift was measured on {day_month(day)}."
    beyond = [record.column for record in moved[:TOP] if off_the_scale("psi", record.value)]
    note = f"PSI of {listing(beyond)}: {OFF_THE_SCALE}." if beyond else ""
    unsure = _not_calibrated(index, day, moved[:TOP])
    return ColumnTable(version, rows, note, unsure, max(0, len(moved) - TOP), empty)


def _movement(index: RecordIndex, psi: MetricRecord) -> float:
    missing = index.at(psi.day, "missing_drift", psi.version, psi.window, column=psi.column)
    change = 0.0 if missing is None or missing.value is None else abs(missing.value)
    return max(psi.value or 0.0, change)


def _column_row(
    index: RecordIndex, version: str, day: dt.date, psi: MetricRecord, longest: float
) -> ColumnRow:
    moved_by, now, change = (
        index.at(day, metric, version, psi.window, column=psi.column)
        for metric in ("wasserstein", "missing_share", "missing_drift")
    )
    return ColumnRow(
        column=psi.column,
        psi=cell(psi, longest),
        moved_by=UNKNOWN if moved_by is None else number("wasserstein", moved_by.value),
        likely=_likely(index, day, psi),
        missing=_missing(now, change),
        missing_moved=change is not None and change.low is not None and change.low > 0,
    )


def _likely(index: RecordIndex, day: dt.date, psi: MetricRecord) -> str:
    """The p-value beside days that differ anyway; empty where too few of them are known."""
    p = index.at(day, "drift_p_value", psi.version, psi.window, column=psi.column)
    days = index.at(day, "design_effect", psi.version, 1, column=psi.column)
    if p is None or p.value is None or days is None or days.value is None:
        return ""
    return f"p < {_SURE:g}" if p.value < _SURE else f"p {p.value:.2g}"


def _not_calibrated(index: RecordIndex, day: dt.date, shown: Sequence[MetricRecord]) -> str:
    """Why none of the columns has a p-value that counts; empty if one has, or nothing is known of it."""
    days = [index.at(day, "design_effect", each.version, 1, column=each.column) for each in shown]
    reasons = {each.reason for each in days if each is not None}
    if not reasons or "" in reasons:
        return ""
    why = min(reasons)
    told = why if why.startswith("not calibrated") else f"not known: {why}"
    return f"How likely days are to differ so is {told}."


def _missing(now: MetricRecord | None, change: MetricRecord | None) -> str:
    """The missing share of the baseline and of the window; the drift is their difference."""
    if now is None or now.value is None:
        return UNKNOWN
    if change is None or change.value is None:
        return number("missing_share", now.value)
    before = max(now.value - change.value, 0.0)
    return f"{number('missing_share', before)} → {number('missing_share', now.value)}"

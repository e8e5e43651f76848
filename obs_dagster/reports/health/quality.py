"""Whether the data was sound: the last nights at a glance, and the reported day per version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import definition, family, shown_in
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.quality.refusal import not_evaluated
from obs_dagster.verdict.headline import headline_window
from obs_dagster.verdict.inputs import NightLine
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import day_month, number

_RULES = 5
"""Rules that are named; the rest is counted."""

NightState = Literal["evaluated", "refused", "absent"]


@dataclass(frozen=True, slots=True)
class NightCell:
    """One night of the strip: evaluated, refused (with the reason) or absent from the history."""

    state: NightState
    tip: str


@dataclass(frozen=True, slots=True)
class QualityRow:
    """The day's counts for one version; `values` are in the order of the `headings`."""

    version: str
    values: Sequence[str]


def night_strip(nights: Sequence[NightLine], first: dt.date, last: dt.date) -> list[NightCell]:
    """One cell per day from `first` to `last`."""
    known = {line.day: line for line in nights}
    days = [first + dt.timedelta(days=offset) for offset in range((last - first).days + 1)]
    return [_night(day, known.get(day)) for day in days]


def _night(day: dt.date, line: NightLine | None) -> NightCell:
    if line is None:
        return NightCell("absent", f"{day_month(day)}: no night ran")
    if not line.evaluated:
        return NightCell("refused", not_evaluated(day_month(day), line.reason))
    return NightCell("evaluated", f"{day_month(day)}: evaluated, {line.rows:,} rows")


def headings(monitor: Monitor) -> list[str]:
    """What stands over the values of the day's table."""
    return [definition.headed for definition in shown_in("counts", monitor.task)]


def quality_rows(
    monitor: Monitor, index: RecordIndex, versions: Sequence[str], day: dt.date
) -> list[QualityRow]:
    """The day's counts: one row per version, and one for the whole log where there is such a count."""
    rows = []
    counted = [definition.name for definition in shown_in("counts", monitor.task)]
    for version in (*versions, WHOLE):
        records = [_latest(monitor, index, metric, version, day) for metric in counted]
        if any(record is not None for record in records):
            name = "whole log" if version == WHOLE else version
            rows.append(
                QualityRow(
                    name,
                    [
                        number(metric, None if record is None else record.value)
                        for metric, record in zip(counted, records, strict=True)
                    ],
                )
            )
    return rows


def where_rows_went(index: RecordIndex, day: dt.date) -> str:
    """The books of the day's log in a sentence; empty if they were not kept."""
    found = [(each, index.at(day, each, WHOLE, 1)) for each in family("books")]
    counted = [(name, record) for name, record in found if record is not None and record.value is not None]
    if not counted:
        return ""
    read = counted[0][1].n
    parts = [
        f"{record.value:,.0f} {definition(name).title.removesuffix(' rows').removeprefix('Rows ').lower()}"
        for name, record in counted
        if record.value
    ]
    return f"Of {read:,} rows in the log's files: {', '.join(parts)}." if parts else ""


def rules_broken(monitor: Monitor, day: dt.date, broken: Mapping[str, int]) -> str:
    """Why rows of a day are in quarantine, in a sentence, and what shows them; empty if none are."""
    if not broken:
        return ""
    told = [f"{rule} ({rows:,} row{'s' * (rows != 1)})" for rule, rows in broken.items()]
    more = [f"{len(told) - _RULES} more rules"] if len(told) > _RULES else []
    shown = "; ".join([*told[:_RULES], *more])
    return f"They broke the contract: {shown}. obs quarantine {monitor.model} --day {day} shows them."


def _latest(
    monitor: Monitor, index: RecordIndex, metric: str, version: str, day: dt.date
) -> MetricRecord | None:
    """The day's own record, or where only longer windows are measured, that of the headline window."""
    return index.at(day, metric, version, 1) or index.at(day, metric, version, headline_window(monitor))

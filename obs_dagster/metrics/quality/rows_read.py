"""How many rows the log of a day has."""

from __future__ import annotations

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quality.row_counts import RowCounts
from obs_dagster.metrics.record import Estimate


def _rows_read(counts: RowCounts) -> Estimate:
    return Estimate(float(counts.rows), None, None, counts.rows)


METRICS = (
    Metric(
        Definition(
            name="rows_read",
            id="rows_read/1",
            family="quality",
            title="Rows of the log",
            meaning="How many rows the day's log has, of all versions; bad and repeated ones included.",
            formula="count of rows.",
            reference="`len(rows)`.",
            interval="none: a count",
            unit="rows",
            tally=True,
            whole_log=True,
            cells="none",
            daily=True,
            noun="number of rows",
            written="count",
            watched=(
                DefaultRule(
                    name="traffic_lost",
                    below="50 % of usual",
                    min_rows=1,
                    summary="The log has less than half of the rows that it has on such a day. Is "
                    "a part of it missing, or are requests?",
                    why="Holidays rarely halve what the same weekday had in the "
                    "weeks before. It is about the whole log: a version that takes over "
                    "from another one is no alert. A day without any rows is an alert by "
                    "itself.",
                ),
                DefaultRule(
                    name="traffic_fell",
                    below="usual - 5 spreads",
                    also="85 % of usual",
                    min_rows=1,
                    severity="info",
                    summary="The log has fewer rows than nights differ by. Does it end early, or is a part "
                    "of it missing?",
                    why="Five spreads of the nights before, and a seventh of the rows: a file of several, or "
                    "the last hours of a day. A holiday looks like it, so nobody is woken.",
                ),
                DefaultRule(
                    name="traffic_rose",
                    above="usual + 5 spreads",
                    also="130 % of usual",
                    min_rows=1,
                    severity="info",
                    summary="The log has more rows than nights differ by. Is a part of it written twice, or "
                    "is there a new client?",
                    why="As of rows that are missing.",
                ),
            ),
        ),
        _rows_read,
    ),
)

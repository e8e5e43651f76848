"""Data quality in numbers: what was quarantined, what came twice, what changed its schema."""

from __future__ import annotations

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quality.row_counts import RowCounts
from obs_dagster.metrics.record import NO_ROWS, Estimate


def _quarantined_share(counts: RowCounts) -> Estimate:
    return share(counts.quarantined, counts.rows, reason=NO_ROWS)


def _duplicate_share(counts: RowCounts) -> Estimate:
    return share(counts.duplicates, counts.rows, reason=NO_ROWS)


def _conflicting_ids(counts: RowCounts) -> Estimate:
    return Estimate(float(counts.conflicts), None, None, counts.rows)


def _schema_changes(counts: RowCounts) -> Estimate:
    return Estimate(float(counts.schema_changes), None, None, counts.rows)


def _schema_events(counts: RowCounts) -> Estimate:
    return Estimate(float(counts.schema_events), None, None, counts.rows)


def _broken_columns(counts: RowCounts) -> Estimate:
    return Estimate(float(counts.broken_columns), None, None, counts.rows)


METRICS = (
    Metric(
        Definition(
            name="quarantined_share",
            id="quarantined_share/rows-read/2",
            family="quality",
            title="Share of quarantined rows",
            meaning="The share of rows that broke the contract and are not evaluated.",
            formula="quarantined rows / rows read, repeated ones included; of those that repeat a prediction "
            "only the last one is held to the contract.",
            reference="a plain share of rows.",
            interval="Wilson",
            unit="share",
            better="lower",
            whole_log=True,
            cells="none",
            daily=True,
            written="percent",
            shown=frozenset({"trend", "counts"}),
            rank=40,
            heading="Rows in quarantine",
            watched=(
                DefaultRule(
                    name="rows_quarantined",
                    above=0.01,
                    min_rows=100,
                    summary="Rows broke the contract and were not evaluated. The health page has "
                    "the rules that they broke; mend the log, or the contract.",
                    why="A sound log breaks its contract by accident only; one row of a "
                    "hundred has a cause. Above `quality.max_quarantined_share` the day "
                    "is not evaluated at all.",
                ),
            ),
        ),
        _quarantined_share,
    ),
    Metric(
        Definition(
            name="duplicate_share",
            id="duplicate_share/rows-read/2",
            family="quality",
            title="Share of duplicates",
            meaning="The share of rows that repeat a prediction; only one row of each is evaluated. What an "
            "id names is the monitor's `identity`: by default a prediction of each version on a day.",
            formula="(rows read - distinct predictions) / rows read.",
            reference="`pandas.DataFrame.duplicated(['version', 'prediction_id'], keep='last').mean()`.",
            interval="Wilson",
            unit="share",
            better="lower",
            whole_log=True,
            cells="none",
            daily=True,
            written="percent",
            shown=frozenset({"counts"}),
            rank=41,
            heading="Duplicate ids",
            watched=(
                DefaultRule(
                    name="rows_repeated",
                    above=0.05,
                    summary="Predictions are in the log more than once. Are requests tried again, or is a "
                    "part of the log written twice?",
                    why="Each is evaluated once, so nothing else shows it. One row of twenty is more than "
                    "what is tried again now and then. It is not held against what is usual: mostly that is "
                    "none, of which there is no multiple.",
                ),
            ),
        ),
        _duplicate_share,
    ),
    Metric(
        Definition(
            name="conflicting_ids",
            id="conflicting_ids/1",
            family="quality",
            title="Ids with different content",
            meaning="How many ids have several rows that say different things of one prediction: of what the "
            "model was given, or of what it put out. One of the rows is evaluated.",
            formula="count of ids; of each, rows of one prediction by the monitor's `identity` differ in a "
            "declared column other than time, latency, status and trace id.",
            reference="a plain count.",
            interval="none: a count",
            unit="ids",
            better="lower",
            whole_log=True,
            cells="none",
            daily=True,
            written="count",
            shown=frozenset({"counts"}),
            rank=41,
            heading="Ids with different content",
        ),
        _conflicting_ids,
    ),
    Metric(
        Definition(
            name="schema_changes",
            incident="schema",
            id="schema_changes/1",
            family="quality",
            title="Schema changes",
            meaning="How many columns are new, missing or of another type than declared.",
            formula="count of columns.",
            reference="a plain count.",
            interval="none: a count",
            unit="columns",
            better="lower",
            whole_log=True,
            cells="none",
            daily=True,
            written="count",
            shown=frozenset({"counts"}),
            rank=42,
        ),
        _schema_changes,
    ),
    Metric(
        Definition(
            name="schema_events",
            incident="schema",
            id="schema_events/1",
            family="quality",
            title="Columns that changed since the day before",
            meaning="How many columns came, went, seem to be renamed or have another type than on the last "
            "day that had rows, declared or not.",
            formula="count of columns.",
            reference="a plain count.",
            interval="none: a count",
            unit="columns",
            better="lower",
            whole_log=True,
            cells="none",
            daily=True,
            written="count",
        ),
        _schema_events,
    ),
    Metric(
        Definition(
            name="broken_columns",
            incident="schema",
            id="broken_columns/1",
            family="quality",
            title="Broken columns",
            meaning="How many declared columns are missing or of another type than declared.",
            formula="count of columns.",
            reference="a plain count.",
            interval="none: a count",
            unit="columns",
            better="lower",
            whole_log=True,
            cells="none",
            daily=True,
            written="count",
            watched=(
                DefaultRule(
                    name="schema_changed",
                    above=0.0,
                    min_rows=1,
                    summary="A declared column is missing or of another type. The metadata of "
                    "`inference_logs` names it; ask who changed the log.",
                    why="What is declared is what the model was made for. A column that "
                    "nobody declared is no alert: `schema_changes` counts it.",
                ),
            ),
        ),
        _broken_columns,
    ),
)

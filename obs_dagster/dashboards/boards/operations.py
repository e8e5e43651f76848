"""The platform: nights that ran and did not, what waits to be told, who watches it, what is exported."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.dashboards.board import Annotation, Board
from obs_dagster.dashboards.dialect import Dialect
from obs_dagster.dashboards.night_usage import night_usage
from obs_dagster.dashboards.panel import Panel, Row, lines, promql, sql, stat


class Operations:
    """One dashboard."""

    name = "operations"

    def boards(self, dialect: Dialect) -> Iterator[Board]:
        """Of all models."""
        yield Board(
            "operations",
            "The platform itself",
            "Whether nights run, notifications arrive, and somebody notices if they don't.",
            [
                Row("Now", list(_now())),
                Row("Nights", [_finished(dialect), _rows(dialect), _not_evaluated(dialect)]),
                Row("Notifications", [_waiting(), _outbox(dialect), _failures(dialect)]),
                Row("What nights take", list(night_usage(dialect))),
                Row("Exports", [_left_out(), _made()]),
            ],
            annotations=[_incidents(dialect)],
            days=30,
        )


def _now() -> Iterator[Panel]:
    yield stat(
        "Oldest last night",
        "max(time() - obs_last_night_timestamp_seconds)",
        "Of the model whose last night is longest ago; models whose log has ended stay here.",
        unit="s",
        red_above=36 * 3600,
    )
    yield stat(
        "Undelivered",
        "sum(obs_undelivered_notifications)",
        "Notifications that a channel has not taken.",
        red_above=1,
    )
    yield stat(
        "Oldest undelivered",
        "max(time() - obs_oldest_undelivered_timestamp_seconds) or vector(0)",
        "How long the oldest of them waits.",
        unit="s",
        red_above=3600,
    )
    yield stat(
        "Heartbeats that failed",
        "sum(obs_heartbeat_failed) or vector(0)",
        "Monitors whose watcher was not told.",
        red_above=1,
    )
    yield stat(
        "What the doctor finds wrong",
        "max(obs_doctor_findings{status='fail'}) or vector(0)",
        "`obs doctor`, where cron runs it with --textfile.",
        red_above=1,
    )
    yield stat(
        "Samples made",
        "min(time() - obs_export_timestamp_seconds)",
        "How long ago the samples were made that this page shows.",
        unit="s",
        red_above=900,
    )


def _finished(dialect: Dialect) -> Panel:
    query = f"""\
SELECT {dialect.day("day")} AS time, model, day, evaluated, rows, {dialect.moment("finished_at")} AS finished,
  reason, run_id, trace_id
FROM nights
WHERE {dialect.days_shown("day")}
ORDER BY finished_at DESC
LIMIT 500"""
    return Panel(
        "table",
        "Nights",
        [sql(dialect, query)],
        width=24,
        description="The latest evaluation of each day, the newest first.",
    )


def _rows(dialect: Dialect) -> Panel:
    query = f"""\
SELECT {dialect.day("day")} AS time, model AS metric, rows AS value
FROM nights
WHERE {dialect.days_shown("day")}
ORDER BY 1"""
    return lines(
        "Rows a night", [sql(dialect, query, "time_series")], "Predictions of each day.", unit="short"
    )


def _not_evaluated(dialect: Dialect) -> Panel:
    query = f"""\
SELECT {dialect.day("day")} AS time, 'not evaluated' AS metric, COUNT(*) AS value
FROM nights
WHERE NOT evaluated AND {dialect.days_shown("day")}
GROUP BY day
ORDER BY 1"""
    return lines(
        "Days that were not evaluated",
        [sql(dialect, query, "time_series")],
        "How many models had rows that could not be judged, or none.",
        unit="short",
    )


def _waiting() -> Panel:
    return lines(
        "Undelivered by model",
        [promql("obs_undelivered_notifications", "{{model}}")],
        "Notifications that a channel has not taken yet.",
        unit="short",
    )


def _outbox(dialect: Dialect) -> Panel:
    query = f"""\
SELECT {dialect.moment("created_at")} AS time, model, severity, key,
  {dialect.moment("settled_at")} AS delivered
FROM outbox
WHERE {dialect.moments_shown("created_at")}
ORDER BY created_at DESC
LIMIT 200"""
    return Panel(
        "table",
        "Notifications",
        [sql(dialect, query)],
        description="The newest first; without `delivered` they wait.",
    )


def _failures(dialect: Dialect) -> Panel:
    query = f"""\
SELECT {dialect.moment("next_attempt_at")} AS time, label, attempts, last_error
FROM deliveries
WHERE delivered_at IS NULL AND last_error <> ''
ORDER BY attempts DESC
LIMIT 200"""
    return Panel(
        "table",
        "Channels that fail",
        [sql(dialect, query)],
        width=24,
        height=6,
        description="What was not taken, why, and when it is tried again; as `obs alerts undelivered` says.",
    )


def _left_out() -> Panel:
    return lines(
        "Samples that were left out",
        [promql("obs_export_samples_left_out", "{{model}}")],
        "Beyond OBS_EXPORTS_SERIES for a model; the history store has all.",
        unit="short",
    )


def _made() -> Panel:
    return lines(
        "Events of alerts",
        [promql("sum by (event) (increase(obs_alert_events_total[1d]))", "{{event}}")],
        "What happened to alerts within a day, and what people did.",
        unit="short",
    )


def _incidents(dialect: Dialect) -> Annotation:
    query = f"""\
SELECT {dialect.moment("opened_at")} AS time, {dialect.moment("closed_at")} AS timeend,
  model || ': incident ' || id || ', ' || kind AS text, 'incident' AS tags
FROM incidents
WHERE {dialect.moments_shown("opened_at")}"""
    return Annotation("Incidents", query, "red")


BOARDS = Operations()

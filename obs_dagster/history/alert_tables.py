"""The tables of alerts: episodes, incidents, what people did, and messages; on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    text,
)

from obs_dagster.history.columns import METADATA, Name, UtcDateTime

ALERTS = Table(
    "alerts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("model", Name, nullable=False),
    Column("rule", Name, nullable=False),
    Column("version", Name, nullable=False),
    Column("segment", Name, nullable=False),
    Column("column", Name, nullable=False),
    Column("metric", Name, nullable=False),
    Column("window", Integer, nullable=False),
    Column("severity", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("labels", JSON, nullable=False, server_default="{}"),
    Column("runbook", Text, nullable=False, server_default=""),
    Column("direction", Text, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", Date, nullable=False),
    Column("fired_day", Date, nullable=True),
    Column("last_day", Date, nullable=False),
    Column("resolved_day", Date, nullable=True),
    Column("value", Double, nullable=True),
    Column("low", Double, nullable=True),
    Column("high", Double, nullable=True),
    Column("n", BigInteger, nullable=False),
    Column("nights", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("announced", Boolean, nullable=False),
    Column("firings", Integer, nullable=False),
    Column("acknowledged_at", UtcDateTime, nullable=True),
    Column("acknowledged_by", Text, nullable=False),
    Column("silenced_until", UtcDateTime, nullable=True),
    Column("silenced_by", Text, nullable=False),
    Column("closed_at", UtcDateTime, nullable=True),
    Column("closed_by", Text, nullable=False),
    Column("lasts", Boolean, nullable=False),
    Column("told_severity", Text, nullable=False),
    Column("flaps", Integer, nullable=False),
    Column("held_by", Text, nullable=False),
    Column("incident_id", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("run_id", Text, nullable=False),
    Index("alerts_by_model", "model", "state"),
    Index("alerts_by_incident", "incident_id"),
    # However many processes evaluate at once, a subject has one open alert.
    Index(
        "alerts_one_open",
        "model",
        "rule",
        "version",
        "segment",
        "column",
        unique=True,
        sqlite_where=text("state <> 'resolved'"),
        postgresql_where=text("state <> 'resolved'"),
    ),
)

# What happened to alerts, and what people did about them. It is only added to: alerts are computed anew, this
# is not. Subject and day are kept beside the alert's id: late data may move an episode to another alert.
ALERT_EVENTS = Table(
    "alert_events",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("alert_id", Text, nullable=False),
    Column("model", Name, nullable=False),
    Column("rule", Name, nullable=False),
    Column("version", Name, nullable=False),
    Column("segment", Name, nullable=False),
    Column("column", Name, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("day", Date, nullable=False),
    Index("alert_events_by_alert", "alert_id"),
    Index("alert_events_by_model", "model", "kind"),
)

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("model", Name, nullable=False),
    Column("version", Name, nullable=False),
    Column("kind", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime, nullable=True),
    Column("closed_by", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("told_why", Text, nullable=False, server_default=""),
    Column("whys", Integer, nullable=False, server_default="0"),
    Index("incidents_by_model", "model", "closed_at"),
)

UPSTREAM = Table(
    "upstream",
    METADATA,
    Column("model", Name, primary_key=True),
    Column("asset", Name, primary_key=True),
    Column("became", Text, primary_key=True),
    Column("cause", Text, primary_key=True),
    Column("day", Date, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("told", Text, nullable=False),
    Index("upstream_by_day", "model", "day"),
)

SILENCES = Table(
    "silences",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("matchers", JSON, nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("starts_at", UtcDateTime, nullable=True),
    Column("every", Text, nullable=False, server_default=""),
    Column("zone", Text, nullable=False, server_default="UTC"),
    Column("withdrawn_at", UtcDateTime, nullable=True),
    Column("withdrawn_by", Text, nullable=False),
    Index("silences_by_end", "ends_at"),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("alert_id", Text, ForeignKey("alerts.id"), nullable=True),
    Column("model", Name, nullable=False),
    Column("severity", Text, nullable=False),
    Column("notification", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime, nullable=True),
    Column("thread", Text, nullable=False, server_default=""),
    Index("outbox_open", "settled_at"),
    Index("outbox_by_thread", "thread"),
)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("outbox_id", Integer, ForeignKey("outbox.id"), primary_key=True),
    Column("route", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("claimed_until", UtcDateTime, nullable=True),
    Column("delivered_at", UtcDateTime, nullable=True),
    Column("pause_until", UtcDateTime, nullable=True),
)

HEARTBEATS = Table(
    "heartbeats",
    METADATA,
    Column("model", Name, primary_key=True),
    Column("told_at", UtcDateTime, nullable=True),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("last_error", Text, nullable=False),
)

THREADS = Table(
    "threads",
    METADATA,
    Column("route", Text, primary_key=True),
    Column("thread", Text, primary_key=True),
    Column("outbox_id", Integer, ForeignKey("outbox.id"), nullable=False),
    Column("names", JSON, nullable=False),
    Column("renew_at", UtcDateTime, nullable=True),
    Column("last_error", Text, nullable=False),
    Index("threads_to_renew", "renew_at"),
)

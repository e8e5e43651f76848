"""The tables of the history store, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.types import DateTime, TypeEngine


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An instant in UTC. SQLite keeps it without the offset that PostgreSQL would keep."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse naive times, whose instant nobody knows."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value} has no time zone")
        instant = value.astimezone(dt.UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Give every time its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if dialect.name == "sqlite" else value.astimezone(dt.UTC)


# Code-point order on both databases, so that sorting means the same and indexes serve it.
Name = Text().with_variant(Text(collation="C"), "postgresql")

METADATA = MetaData()

KEY = ("model", "day", "metric", "window", "version", "segment", "column")
"""The columns that make a metric record current, in the order of the primary key: what a night writes lies
together, and a range of days is one range of the key. It is the only index, because PostgreSQL without
statistics would choose a second one that finds a whole day for each record."""


def _metric_columns(*, current: bool) -> list[Column[Any]]:
    """The columns of a metric record; in the table of current ones, the key is unique."""

    def column(
        name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]], *, null: bool = False
    ) -> Column[Any]:
        return Column(name, kind, primary_key=current and name in KEY, nullable=null)

    return [
        column("model", Name),
        column("day", Date),
        column("metric", Name),
        column("window", Integer),
        column("version", Name),
        column("segment", Name),
        column("column", Name),
        column("definition", Name),
        column("value", Double, null=True),
        column("low", Double, null=True),
        column("high", Double, null=True),
        column("n", BigInteger),
        column("error", Double),
        column("reason", Text),
        column("computed_at", UtcDateTime),
        column("run_id", Text),
    ]


METRICS = Table(
    "metrics",
    METADATA,
    *_metric_columns(current=True),
    sqlite_with_rowid=False,
)

METRIC_HISTORY = Table(
    "metric_history",
    METADATA,
    Column("id", Integer, primary_key=True),
    *_metric_columns(current=False),
    Column("superseded_at", UtcDateTime, nullable=False),
    Index("metric_history_by_key", *KEY),
)

NIGHTS = Table(
    "nights",
    METADATA,
    Column("model", Name, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("evaluated", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("trace_id", Text, nullable=False, server_default=""),
)

# What each stage took of the machine. Of a run over several days, a day has its part of it.
NIGHT_USAGE = Table(
    "night_usage",
    METADATA,
    Column("model", Name, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("stage", Name, primary_key=True),
    Column("days", Integer, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("cpu_seconds", Double, nullable=False),
    Column("cores", Integer, nullable=False),
    Column("peak_memory", BigInteger, nullable=False),
    Column("read_bytes", BigInteger, nullable=True),
    Column("written_bytes", BigInteger, nullable=True),
    Column("io_wait_seconds", Double, nullable=True),
    Column("disk_free", BigInteger, nullable=True),
    Column("disk_size", BigInteger, nullable=True),
    Column("gpu_share", Double, nullable=True),
    Column("gpu_memory", BigInteger, nullable=True),
    Column("run_id", Text, nullable=False),
    sqlite_with_rowid=False,
)

# The versions of the programs that a night was evaluated with.
NIGHT_PROGRAMS = Table(
    "night_programs",
    METADATA,
    Column("model", Name, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("programs", JSON, nullable=False),
    sqlite_with_rowid=False,
)

VERDICTS = Table(
    "verdicts",
    METADATA,
    Column("model", Name, primary_key=True),
    Column("version", Name, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("status", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    sqlite_with_rowid=False,
)

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

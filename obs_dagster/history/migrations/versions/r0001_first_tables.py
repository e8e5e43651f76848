"""Metrics and what replaced them, nights, alerts, and the outbox with its deliveries."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
KEY = ("model", "day", "metric", "window", "version", "segment", "column")


def _metric_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("model", NAME, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("metric", NAME, nullable=False),
        sa.Column("window", sa.Integer, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.Column("segment", NAME, nullable=False),
        sa.Column("column", NAME, nullable=False),
        sa.Column("definition", NAME, nullable=False),
        sa.Column("value", sa.Double, nullable=True),
        sa.Column("low", sa.Double, nullable=True),
        sa.Column("high", sa.Double, nullable=True),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("computed_at", INSTANT, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
    ]


def upgrade() -> None:
    op.create_table("metrics", *_metric_columns(), sa.PrimaryKeyConstraint(*KEY), sqlite_with_rowid=False)

    op.create_table(
        "metric_history",
        sa.Column("id", sa.Integer, primary_key=True),
        *_metric_columns(),
        sa.Column("superseded_at", INSTANT, nullable=False),
    )
    op.create_index("metric_history_by_key", "metric_history", list(KEY))

    op.create_table(
        "nights",
        sa.Column("model", NAME, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("evaluated", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=False),
    )

    op.create_table(
        "alerts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("model", NAME, nullable=False),
        sa.Column("rule", NAME, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.Column("segment", NAME, nullable=False),
        sa.Column("column", NAME, nullable=False),
        sa.Column("metric", NAME, nullable=False),
        sa.Column("window", sa.Integer, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("fired_day", sa.Date, nullable=True),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("resolved_day", sa.Date, nullable=True),
        sa.Column("value", sa.Double, nullable=True),
        sa.Column("low", sa.Double, nullable=True),
        sa.Column("high", sa.Double, nullable=True),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("nights", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("announced", sa.Boolean, nullable=False),
        sa.Column("firings", sa.Integer, nullable=False),
        sa.Column("acknowledged_at", INSTANT, nullable=True),
        sa.Column("silenced_until", INSTANT, nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
    )
    op.create_index("alerts_by_model", "alerts", ["model", "state"])
    op.create_index(
        "alerts_one_open",
        "alerts",
        ["model", "rule", "version", "segment", "column"],
        unique=True,
        sqlite_where=sa.text("state <> 'resolved'"),
        postgresql_where=sa.text("state <> 'resolved'"),
    )

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("alert_id", sa.Text, sa.ForeignKey("alerts.id"), nullable=True),
        sa.Column("model", NAME, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("notification", sa.JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
    )
    op.create_index("outbox_open", "outbox", ["settled_at"])

    op.create_table(
        "deliveries",
        sa.Column("outbox_id", sa.Integer, sa.ForeignKey("outbox.id"), primary_key=True),
        sa.Column("route", sa.Text, primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text, nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
        sa.Column("claimed_until", INSTANT, nullable=True),
        sa.Column("delivered_at", INSTANT, nullable=True),
    )

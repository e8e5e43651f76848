"""What people did about alerts, and the silences that they set."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for name in ("acknowledged_by", "silenced_by", "closed_by", "told_severity"):
        op.add_column("alerts", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE alerts SET told_severity = severity WHERE announced")
    op.add_column("alerts", sa.Column("closed_at", INSTANT, nullable=True))
    op.add_column("alerts", sa.Column("lasts", sa.Boolean, nullable=False, server_default=sa.false()))

    op.create_table(
        "alert_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("rule", NAME, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.Column("segment", NAME, nullable=False),
        sa.Column("column", NAME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
    )
    op.create_index("alert_events_by_alert", "alert_events", ["alert_id"])
    op.create_index("alert_events_by_model", "alert_events", ["model", "kind"])

    op.create_table(
        "silences",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("matchers", sa.JSON, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("withdrawn_by", sa.Text, nullable=False),
    )
    op.create_index("silences_by_end", "silences", ["ends_at"])

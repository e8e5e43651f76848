"""What channels call the threads of notifications, and how long they ask to be left alone."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("outbox", sa.Column("thread", sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE outbox SET thread = COALESCE(alert_id, key)")
    op.create_index("outbox_by_thread", "outbox", ["thread"])
    op.add_column("deliveries", sa.Column("pause_until", MOMENT, nullable=True))
    op.create_table(
        "threads",
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("thread", sa.Text, nullable=False),
        sa.Column("outbox_id", sa.Integer, sa.ForeignKey("outbox.id"), nullable=False),
        sa.Column("names", sa.JSON, nullable=False),
        sa.Column("renew_at", MOMENT, nullable=True),
        sa.Column("last_error", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("route", "thread"),
    )
    op.create_index("threads_to_renew", "threads", ["renew_at"])

"""What nights take of the machine, and the programs that they run with."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "night_usage",
        sa.Column("model", NAME, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("stage", NAME, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("cpu_seconds", sa.Double, nullable=False),
        sa.Column("cores", sa.Integer, nullable=False),
        sa.Column("peak_memory", sa.BigInteger, nullable=False),
        sa.Column("read_bytes", sa.BigInteger, nullable=True),
        sa.Column("written_bytes", sa.BigInteger, nullable=True),
        sa.Column("io_wait_seconds", sa.Double, nullable=True),
        sa.Column("disk_free", sa.BigInteger, nullable=True),
        sa.Column("disk_size", sa.BigInteger, nullable=True),
        sa.Column("gpu_share", sa.Double, nullable=True),
        sa.Column("gpu_memory", sa.BigInteger, nullable=True),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("model", "day", "stage"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "night_programs",
        sa.Column("model", NAME, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("programs", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("model", "day"),
        sqlite_with_rowid=False,
    )

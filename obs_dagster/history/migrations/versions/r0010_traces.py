"""The trace of each night."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("nights", sa.Column("trace_id", sa.Text, nullable=False, server_default=""))

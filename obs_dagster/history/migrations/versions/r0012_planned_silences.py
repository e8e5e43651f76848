"""Silences that begin later, or come back every week."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("silences", sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("silences", sa.Column("every", sa.Text, nullable=False, server_default=""))
    op.add_column("silences", sa.Column("zone", sa.Text, nullable=False, server_default="UTC"))

"""What alerts are labelled with, and where it stands what to do about them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("labels", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("alerts", sa.Column("runbook", sa.Text, nullable=False, server_default=""))

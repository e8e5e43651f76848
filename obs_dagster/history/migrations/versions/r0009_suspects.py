"""What people were told of why an incident fires."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("incidents", sa.Column("told_why", sa.Text, nullable=False, server_default=""))
    op.add_column("incidents", sa.Column("whys", sa.Integer, nullable=False, server_default="0"))

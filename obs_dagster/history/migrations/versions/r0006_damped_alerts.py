"""How often an alert fired that comes and goes, and which alert keeps people from being told of another."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("flaps", sa.Integer, nullable=False, server_default="0"))
    op.add_column("alerts", sa.Column("held_by", sa.Text, nullable=False, server_default=""))

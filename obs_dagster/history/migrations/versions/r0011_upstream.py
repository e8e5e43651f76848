"""What became of the assets that logs depend on."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "upstream",
        sa.Column("model", NAME, primary_key=True),
        sa.Column("asset", NAME, primary_key=True),
        sa.Column("became", sa.Text, primary_key=True),
        sa.Column("cause", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Text, nullable=False),
    )
    op.create_index("upstream_by_day", "upstream", ["model", "day"])

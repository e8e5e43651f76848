"""What the columns of the history store's tables are made of, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Dialect, MetaData, Text, TypeDecorator
from sqlalchemy.types import DateTime


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An instant in UTC. SQLite keeps it without the offset that PostgreSQL would keep."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse naive times, whose instant nobody knows."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value} has no time zone")
        instant = value.astimezone(dt.UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Give every time its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if dialect.name == "sqlite" else value.astimezone(dt.UTC)


# Code-point order on both databases, so that sorting means the same and indexes serve it.
Name = Text().with_variant(Text(collation="C"), "postgresql")

METADATA = MetaData()

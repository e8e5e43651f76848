"""The tables of nights: their records, verdicts, and what they took; the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Double, Index, Integer, Table, Text
from sqlalchemy.types import TypeEngine

from obs_dagster.history.columns import METADATA, Name, UtcDateTime

KEY = ("model", "day", "metric", "window", "version", "segment", "column")
"""The columns that make a metric record current, in the order of the primary key: what a night writes lies
together, and a range of days is one range of the key. It is the only index, because PostgreSQL without
statistics would choose a second one that finds a whole day for each record."""


def _metric_columns(*, current: bool) -> list[Column[Any]]:
    """The columns of a metric record; in the table of current ones, the key is unique."""

    def column(
        name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]], *, null: bool = False
    ) -> Column[Any]:
        return Column(name, kind, primary_key=current and name in KEY, nullable=null)

    return [
        column("model", Name),
        column("day", Date),
        column("metric", Name),
        column("window", Integer),
        column("version", Name),
        column("segment", Name),
        column("column", Name),
        column("definition", Name),
        column("value", Double, null=True),
        column("low", Double, null=True),
        column("high", Double, null=True),
        column("n", BigInteger),
        column("error", Double),
        column("reason", Text),
        column("computed_at", UtcDateTime),
        column("run_id", Text),
    ]


METRICS = Table(
    "metrics",
    METADATA,
    *_metric_columns(current=True),
    sqlite_with_rowid=False,
)

METRIC_HISTORY = Table(
    "metric_history",
    METADATA,
    Column("id", Integer, primary_key=True),
    *_metric_columns(current=False),
    Column("superseded_at", UtcDateTime, nullable=False),
    Index("metric_history_by_key", *KEY),
)

NIGHTS = Table(
    "nights",
    METADATA,
    Column("model", Name, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("evaluated", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("trace_id", Text, nullable=False, server_default=""),
)

# What each stage took of the machine. Of a run over several days, a day has its part of it.
NIGHT_USAGE = Table(
    "night_usage",
    METADATA,
    Column("model", Name, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("stage", Name, primary_key=True),
    Column("days", Integer, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("cpu_seconds", Double, nullable=False),
    Column("cores", Integer, nullable=False),
    Column("peak_memory", BigInteger, nullable=False),
    Column("read_bytes", BigInteger, nullable=True),
    Column("written_bytes", BigInteger, nullable=True),
    Column("io_wait_seconds", Double, nullable=True),
    Column("disk_free", BigInteger, nullable=True),
    Column("disk_size", BigInteger, nullable=True),
    Column("gpu_share", Double, nullable=True),
    Column("gpu_memory", BigInteger, nullable=True),
    Column("run_id", Text, nullable=False),
    sqlite_with_rowid=False,
)

# The versions of the programs that a night was evaluated with.
NIGHT_PROGRAMS = Table(
    "night_programs",
    METADATA,
    Column("model", Name, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("programs", JSON, nullable=False),
    sqlite_with_rowid=False,
)

VERDICTS = Table(
    "verdicts",
    METADATA,
    Column("model", Name, primary_key=True),
    Column("version", Name, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("status", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    sqlite_with_rowid=False,
)

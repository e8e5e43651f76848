"""Grafana's sources of history: how each writes a query, its macros, and a day or a moment as a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

Format = Literal["time_series", "table"]


class Dialect(Protocol):
    """One of the databases that the history store can live in.

    Attributes:
        name: the folder of its dashboards.
        source: the type of Grafana's data source.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def source(self) -> str: ...  # noqa: D102

    def day(self, column: str) -> str:
        """A column of days as a time: midnight in UTC."""

    def moment(self, column: str) -> str:
        """A column of moments as a time."""

    def days_shown(self, column: str) -> str:
        """Whether a day lies in the range of the dashboard."""

    def moments_shown(self, column: str) -> str:
        """Whether a moment does."""

    def target(self, sql: str, form: Format) -> dict[str, Any]:
        """A query as a panel has it, without its name."""

    def variable(self, sql: str) -> Any:
        """A query as a variable has it."""

    def annotation(self, sql: str) -> dict[str, Any]:
        """A query as an annotation has it, beside its name and source."""


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """Grafana's own data source."""

    name = "postgresql"
    source = "grafana-postgresql-datasource"

    def day(self, column: str) -> str:
        """As above."""
        return f"({column}::timestamp AT TIME ZONE 'UTC')"

    def moment(self, column: str) -> str:
        """As above."""
        return column

    def days_shown(self, column: str) -> str:
        """The macro takes days too: its ends are read as such."""
        return f"$__timeFilter({column})"

    def moments_shown(self, column: str) -> str:
        """As above."""
        return f"$__timeFilter({column})"

    def target(self, sql: str, form: Format) -> dict[str, Any]:
        """As above."""
        return {"rawSql": sql, "format": form, "rawQuery": True, "editorMode": "code"}

    def variable(self, sql: str) -> Any:
        """As above."""
        return sql

    def annotation(self, sql: str) -> dict[str, Any]:
        """As above."""
        return {"rawQuery": sql}


@dataclass(frozen=True, slots=True)
class SQLite:
    """The plugin `frser-sqlite-datasource`."""

    name = "sqlite"
    source = "frser-sqlite-datasource"

    def day(self, column: str) -> str:
        """As above."""
        return f"CAST(strftime('%s', {column}) AS INTEGER)"

    def moment(self, column: str) -> str:
        """As above."""
        return f"CAST(strftime('%s', {column}) AS INTEGER)"

    def days_shown(self, column: str) -> str:
        """The plugin has no macro for it, but Grafana fills in its ends as milliseconds."""
        return f"{column} BETWEEN date($__from / 1000, 'unixepoch') AND date($__to / 1000, 'unixepoch')"

    def moments_shown(self, column: str) -> str:
        """As above."""
        return f"{self.moment(column)} BETWEEN $__from / 1000 AND $__to / 1000"

    def target(self, sql: str, form: Format) -> dict[str, Any]:
        """As above."""
        kind = "time series" if form == "time_series" else "table"
        return {"queryText": sql, "rawQueryText": sql, "queryType": kind, "timeColumns": ["time", "timeend"]}

    def variable(self, sql: str) -> Any:
        """As above."""
        return sql

    def annotation(self, sql: str) -> dict[str, Any]:
        """As above."""
        return {"target": {**self.target(sql, "table"), "refId": "Anno"}}


DIALECTS: tuple[Dialect, ...] = (PostgreSQL(), SQLite())

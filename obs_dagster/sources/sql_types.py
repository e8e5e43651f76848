"""Types of columns, as DuckDB names them."""

from __future__ import annotations

INTEGERS = frozenset(
    [
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "UHUGEINT",
    ]
)
#: Columns without values, whatever DuckDB calls their type.
NOTHING = ('"NULL"', "NULL")

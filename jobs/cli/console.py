"""Where output goes: data to standard output, everything about it to standard error."""

from __future__ import annotations

import rich.text
from rich.console import Console
from rich.table import Table

OUTPUT = Console()
ERRORS = Console(stderr=True)


def cell(value: object, style: str = "") -> rich.text.Text:
    """A value in a table: names come from people's data, so nothing in them is markup or moves the cursor."""
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return rich.text.Text("".join(char if char.isprintable() else repr(char)[1:-1] for char in text), style)


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table, in the style of all tables."""
    empty = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        empty.add_column(column, overflow="fold")
    return empty

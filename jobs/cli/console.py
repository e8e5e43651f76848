"""Where output goes: data to standard output, everything about it to standard error."""

from __future__ import annotations

import sys
from typing import TextIO

import rich.text
from rich.console import Console
from rich.table import Table

from obs_dagster.telemetry.logs.colour import wants_colour


def _console(stream: TextIO, *, errors: bool) -> Console:
    """Of a stream without colour nothing is bold or dim either: all of it would be escape sequences."""
    coloured = wants_colour(stream)
    return Console(
        stderr=errors,
        color_system=("auto" if stream.isatty() else "standard") if coloured else None,
        no_color=not coloured,
        # colour that is forced into a file makes no terminal of it, on which bars would be drawn
        force_terminal=stream.isatty(),
    )


OUTPUT = _console(sys.stdout, errors=False)
ERRORS = _console(sys.stderr, errors=True)


def cell(value: object, style: str = "") -> rich.text.Text:
    """A value in a table: names come from people's data, so nothing in them is markup or moves the cursor."""
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return rich.text.Text("".join(char if char.isprintable() else repr(char)[1:-1] for char in text), style)


def table(*columns: str, show_header: bool = True) -> Table:
    """An empty table, in the style of all tables."""
    empty = Table(show_header=show_header, header_style="bold", box=None, pad_edge=False)
    for column in columns:
        empty.add_column(column, overflow="fold")
    return empty

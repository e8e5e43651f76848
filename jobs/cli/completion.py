"""What a shell completes: names that there are, found without importing anything that takes time.

A shell starts `obs` at every tab, and people don't wait for it. So models are read off the monitor files, and
what nights have found out of the history store where that is a file. What goes wrong is no completion.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import typer

VARIABLE = "_OBS_COMPLETE"
"""What a shell sets to be told of completions."""

_MODEL = re.compile(r"""^model:\s*["']?([A-Za-z0-9_-]+)""", re.MULTILINE)
_BEGINNING = 20_000
"""Bytes of a monitor file in which its model stands."""

_LAST_DAY = "model = ? AND day = (SELECT max(day) FROM metrics WHERE model = ?)"


def complete_model(incomplete: str) -> Iterator[str]:
    """The models that begin like this."""
    return _like(incomplete, _models())


def complete_metric(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Those that the model's last night had."""
    return _of_last_night("metric", ctx, incomplete)


def complete_version(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """As for metrics."""
    return _of_last_night("version", ctx, incomplete)


def complete_segment(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """As for metrics."""
    return _of_last_night("segment", ctx, incomplete)


def complete_column(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """As for metrics."""
    return _of_last_night("column", ctx, incomplete)


def complete_rule(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """The rules whose alerts the store has, of the model if one is named."""
    model = _model(ctx)
    of = (
        ("SELECT DISTINCT rule FROM alerts WHERE model = ?", model)
        if model
        else ("SELECT DISTINCT rule FROM alerts",)
    )
    return _like(incomplete, _stored(*of))


def complete_alert(incomplete: str) -> Iterator[tuple[str, str]]:
    """The ids of alerts that are not over, each with what it is about."""
    query = (
        "SELECT id || ' ' || model || ': ' || rule FROM alerts WHERE state != 'resolved' ORDER BY since DESC"
    )
    for each in _like(incomplete, _stored(query)):
        alert, _, told = each.partition(" ")
        yield alert, told


def complete_incident(incomplete: str) -> Iterator[tuple[str, str]]:
    """The ids of incidents that nobody has closed, each with its model."""
    query = "SELECT id || ' ' || model FROM incidents WHERE closed_at IS NULL ORDER BY opened_at DESC"
    for each in _like(incomplete, _stored(query)):
        incident, _, told = each.partition(" ")
        yield incident, told


def complete_component(incomplete: str) -> Iterator[str]:
    """The components of a night that come with the program."""
    import obs_dagster

    files = (Path(obs_dagster.__file__).parent / "causes" / "components").glob("[a-z]*.py")
    return _like(incomplete, sorted(each.stem for each in files))


def _models() -> Iterator[str]:
    folder = Path(os.environ.get("OBS_MONITORS") or "monitors")
    with suppress(OSError):
        for file in sorted([*folder.glob("[!.]*.yaml"), *folder.glob("[!.]*.yml")]):
            with file.open(encoding="utf-8", errors="replace") as opened:
                if found := _MODEL.search(opened.read(_BEGINNING)):
                    yield found[1]


def _model(ctx: typer.Context) -> str | None:
    """The model that stands before; an option that still lacks its value keeps it from being read as one."""
    found: str | None = ctx.params.get("model")
    return found or next((name for name in _models() if name in ctx.args), None)


def _of_last_night(field: str, ctx: typer.Context, incomplete: str) -> Iterator[str]:
    model = _model(ctx)
    query = f'SELECT DISTINCT "{field}" FROM metrics WHERE {_LAST_DAY} ORDER BY 1'
    return _like(incomplete, _stored(query, model, model) if model else ())


def _stored(query: str, *values: str) -> list[str]:
    """What the history store answers, if it is a file that is there."""
    home = Path(os.environ.get("OBS_HOME") or ".obs").expanduser().absolute()
    url = os.environ.get("OBS_DATABASE_URL") or f"sqlite:///{home / 'history.db'}"
    if not url.startswith("sqlite:///"):
        return []
    place = f"file:{quote(url.removeprefix('sqlite:///'))}?mode=ro"
    with suppress(sqlite3.Error), closing(sqlite3.connect(place, uri=True, timeout=0.5)) as connection:
        return [row[0] for row in connection.execute(query, values)]
    return []


def _like(incomplete: str, names: Iterator[str] | list[str] | tuple[()]) -> Iterator[str]:
    return (name for name in names if name and name.startswith(incomplete))

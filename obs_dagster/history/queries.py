"""Queries of the store as spans: a transaction, and each statement in it."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from typing import Any

from sqlalchemy import Connection, Engine, event

from obs_dagster.history.place import printable
from obs_dagster.telemetry.traces import Span, is_on, span

_LONGEST = 1_000
_UNTOLD = ("BEGIN", "PRAGMA")
"""What says nothing of a night."""

_OPEN = "obs_query_span"


def queried(name: str, engine: Engine) -> AbstractContextManager[Span]:
    """The span of a connection or a transaction."""
    return span(name, system=engine.dialect.name, place=printable(engine.url))


def watched(engine: Engine) -> Engine:
    """The engine, each of whose statements is a span, if there are traces; values are in no span."""
    if not is_on():
        return engine

    @event.listens_for(engine, "before_cursor_execute")
    def _begin(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        operation = statement.split(maxsplit=1)[0].upper()
        if operation in _UNTOLD:
            return
        stack = ExitStack()
        stack.enter_context(
            span(
                f"sql {operation}",
                system=engine.dialect.name,
                operation=operation,
                query=" ".join(statement.split())[:_LONGEST],
            )
        )
        connection.info[_OPEN] = stack

    @event.listens_for(engine, "after_cursor_execute")
    def _end(connection: Connection, *_: Any) -> None:
        if _OPEN in connection.info:
            connection.info.pop(_OPEN).close()

    @event.listens_for(engine, "handle_error")
    def _fail(context: Any) -> None:
        if context.connection is not None and _OPEN in context.connection.info:
            error = context.original_exception
            context.connection.info.pop(_OPEN).__exit__(type(error), error, error.__traceback__)

    return engine

"""Dagster's own lines in the log of the processes that it starts for our code: one form for all of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from dagster import _loggers
from dagster._core.log_manager import get_log_record_metadata, has_log_record_metadata
from structlog.contextvars import bound_contextvars

from obs_dagster.telemetry.logs import Through, lead

_LIBRARIES = ("dagster", "dagster-webserver")


def lead_dagster() -> None:
    """Have what Dagster says to the console of this process go through its log."""
    for name in _LIBRARIES:
        lead(name)
    # The logger of a run that has none configured; there is no public way to another one. A run's events are
    # in Dagster's own store whatever becomes of this.
    vars(_loggers)["create_console_logger"] = _console


class _OfRun(Through):
    """The lines of a run: what they say, and of which run and stage."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell a line, without what Dagster has put in front of it."""
        if not has_log_record_metadata(record):
            super().emit(record)
            return
        about = get_log_record_metadata(record)
        told = logging.makeLogRecord(vars(record) | {"msg": about["orig_message"], "args": ()})
        event = about["dagster_event"]
        if event is not None and (error := getattr(event.event_specific_data, "error", None)) is not None:
            told.exc_text = error.to_string()
        with bound_contextvars(**dict(_bound(about["run_id"], about["step_key"]))):
            super().emit(told)


def _bound(run_id: str | None, step: str | None) -> Iterator[tuple[str, str]]:
    if run_id:
        yield "run_id", run_id
    if step:
        yield "step", step


def _console(name: str, level: str | int) -> logging.Logger:
    logger = logging.getLoggerClass()(name, level)
    logger.addHandler(_OfRun())
    return logger

"""Structured logs: JSON lines for machines, colour for people; the standard library's go the same way."""

from __future__ import annotations

import logging
import os
import sys
import textwrap
import traceback
import warnings
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, Processor

from obs_dagster.secrets import scrub
from obs_dagster.telemetry.logs.colour import wants_colour

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

#: Libraries that tell their whole life at INFO, some of them by levels that they set themselves.
_TALKATIVE = (
    "alembic",
    "dagster",
    "evidently",
    "great_expectations",
    "matplotlib",
    "mlflow",
    "openlineage",
    "shap",
    "urllib3",
)

#: What keeps libraries from counting their users and from drawing bars of their own.
_QUIET = {
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def configure(environ: Mapping[str, str] | None = None, *, stream: TextIO | None = None) -> None:
    """Set up logging for the process; calling it again replaces what was set up.

    Args:
        environ: its `OBS_LOG_LEVEL` is the lowest level that is written (INFO if it is unset or unknown);
            left out: the process's environment.
        stream: where to; left out: standard error. A terminal gets text (in colour, see `wants_colour`),
            anything else JSON lines.
    """
    environ, stream = os.environ if environ is None else environ, stream or sys.stderr
    wanted = environ.get("OBS_LOG_LEVEL", "INFO").upper()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[Processor] = (
        [_Readable(colours=wants_colour(stream, environ))]
        if stream.isatty()
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    hide_secrets()
    rendering.append(_scrubbed)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    handler.addFilter(_worth_telling)
    logging.basicConfig(level=wanted if wanted in LEVELS else "INFO", handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _Readable:
    """Renders a record for people; what has several lines stands below its own, as it is."""

    def __init__(self, *, colours: bool) -> None:
        self._line = structlog.dev.ConsoleRenderer(
            colors=colours, exception_formatter=structlog.dev.plain_traceback
        )

    def __call__(self, logger: Any, method: str, event: EventDict) -> str:
        kept = ("event", "exception", "stack")
        below = [name for name, value in event.items() if name not in kept and "\n" in str(value)]
        texts = [textwrap.indent(str(event.pop(name)), "    ") for name in below]
        return "\n".join([self._line(logger, method, event), *texts])


def hide_secrets() -> None:
    """Have every log record of this process, whatever library makes it, come without secrets."""
    if logging.getLogRecordFactory() is not _record:
        logging.setLogRecordFactory(_record)


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **kwargs)
    if isinstance(record.msg, str):
        said = record.getMessage()
        shown = scrub(said)
        if shown != said:
            record.msg, record.args = shown, None
    if record.exc_info and record.exc_info[0] is not None:
        trace = "".join(traceback.format_exception(*record.exc_info))
        shown = scrub(trace)
        if shown != trace:
            record.exc_info, record.exc_text = None, shown.rstrip()
    return record


def _scrubbed(_logger: object, _method: str, text: Any) -> Any:
    return scrub(text) if isinstance(text, str) else text


def _worth_telling(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in _TALKATIVE


def quieten() -> None:
    """Ask libraries, through the environment, for silence; what the user has set stays. Call it first."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    # MLflow and Dagster warn whoever imports them about choices that are the project's, not the user's.
    for library in ("dagster", "mlflow"):
        warnings.filterwarnings("ignore", module=rf"{library}\.")

"""The log of a process: one pipe for the program's events, libraries' messages and Python's warnings.

Standard error gets text on a terminal and JSON lines elsewhere; a file, a collector of OpenTelemetry and
Splunk get the same lines, if the environment asks for it.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TextIO

import structlog
from structlog.types import EventDict, Processor

from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.logs.background import Background
from obs_dagster.telemetry.logs.colour import wants_colour
from obs_dagster.telemetry.logs.readable import Readable
from obs_dagster.telemetry.logs.record import hide_secrets, without_secrets
from obs_dagster.telemetry.logs.shared_file import SharedFile
from obs_dagster.telemetry.logs.switch import asks_for_otlp
from obs_dagster.telemetry.logs.through import is_led
from obs_dagster.telemetry.logs.warned import tell_warnings
from obs_dagster.telemetry.patience import PATIENCE
from obs_dagster.telemetry.traces import traceparent

_UNUSABLE = Event(
    "obs_dagster.logs",
    "log not delivered",
    "warning",
    "Lines of the log cannot go where the environment says. They are on standard error, and in the log file.",
    {"error": "why"},
)

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

LEVEL, HERE = "OBS_LOG_LEVEL", "OBS_LOG_STDERR_LEVEL"
FILE, MOST, KEEP = "OBS_LOG_FILE", "OBS_LOG_FILE_BYTES", "OBS_LOG_FILE_KEEP"
SPLUNK = "OBS_SPLUNK_HEC_URL"

_QUIETLY = "QUIET"
_SAID_BY_COMMANDS = frozenset(
    f"obs_dagster.{room}" for room in ("alerts", "baselines", "nights", "quality", "sources", "stages")
)

_MOST, _KEEP = 50_000_000, 5

#: Libraries that tell their whole life at INFO, some of them by levels that they set themselves.
_TALKATIVE = (
    "alembic",
    "dagster",
    "evidently",
    "great_expectations",
    "matplotlib",
    "mlflow",
    "opentelemetry",
    "py4j",
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
        environ: its `OBS_LOG_LEVEL` is the lowest level that is told (INFO if it is unset or unknown), its
            `OBS_LOG_STDERR_LEVEL` that of standard error alone; left out: the process's environment.
        stream: standard error, if it is another one. A terminal gets text (in colour, see `wants_colour`),
            anything else JSON lines.
    """
    environ, stream = os.environ if environ is None else environ, stream or sys.stderr
    hide_secrets()
    handlers = list(_handlers(environ, stream))
    for each in handlers:
        each.addFilter(_worth_telling)
    level = min(_level(environ, LEVEL, "INFO"), *(each.level for each in handlers))
    logging.basicConfig(level=level, handlers=handlers, force=True)
    tell_warnings()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    _add_far(environ)


def configure_unless_done() -> bool:
    """Set up logging for a process that is not the program's own, unless somebody has done so.

    Returns:
        Whether it is set up by this.
    """
    if logging.getLogger().handlers:
        return False
    configure()
    return True


def quiet_terminal() -> None:
    """Have standard error of this process, and of those it starts, leave out what the command says itself.

    Unless a level is asked for. The log file, and those who get the log elsewhere, have everything.
    """
    if not os.environ.get(LEVEL):
        os.environ.setdefault(HERE, _QUIETLY)


def tell_all() -> None:
    """Take that back, for a command that only starts others."""
    if os.environ.get(HERE) == _QUIETLY:
        del os.environ[HERE]


def begin_night() -> None:
    """Whoever lines could not be delivered to is tried again, and has a second at the end of the night."""
    PATIENCE.renew()
    for each in logging.getLogger().handlers:
        if isinstance(each, Background):
            each.begin()


def deliver_lines() -> None:
    """Have what waits to be delivered go out; it waits no longer than is left of the night's second."""
    for each in logging.getLogger().handlers:
        if isinstance(each, Background):
            each.deliver()


def _handlers(environ: Mapping[str, str], stream: TextIO) -> Iterator[logging.Handler]:
    told = _level(environ, LEVEL, "INFO")
    text: Processor = Readable(colours=wants_colour(stream, environ)) if stream.isatty() else _JSON
    here = logging.StreamHandler(stream)
    here.setFormatter(_formatter(text, exceptions=not stream.isatty()))
    if environ.get(HERE, "").strip().upper() == _QUIETLY:
        here.setLevel(logging.WARNING)
        here.addFilter(_not_said_by_commands)
    else:
        here.setLevel(_level(environ, HERE, logging.getLevelName(told)))
    yield here
    if path := environ.get(FILE, "").strip():
        file = SharedFile(Path(path), _number(environ, MOST, _MOST), _number(environ, KEEP, _KEEP))
        file.setFormatter(_formatter(_JSON))
        file.setLevel(told)
        yield file


def _far_handlers(environ: Mapping[str, str]) -> Iterator[Callable[[], Background]]:
    """What makes each handler that delivers lines elsewhere."""
    if asks_for_otlp(environ):
        from obs_dagster.telemetry.logs.otlp import OtlpHandler

        yield OtlpHandler
    if environ.get(SPLUNK, "").strip():
        from obs_dagster.telemetry.logs.splunk import splunk_handler

        yield partial(splunk_handler, environ)


def _add_far(environ: Mapping[str, str]) -> None:
    """Add these handlers, or say why one cannot be used: a log that stays here must not cost a night."""
    for make in _far_handlers(environ):
        try:
            handler = make()
        except (ImportError, ValueError) as error:
            _UNUSABLE(error=str(error))
            continue
        handler.setFormatter(_formatter(_JSON))
        handler.setLevel(_level(environ, LEVEL, "INFO"))
        handler.addFilter(_worth_telling)
        logging.getLogger().addHandler(handler)


def _formatter(rendering: Processor, *, exceptions: bool = True) -> structlog.stdlib.ProcessorFormatter:
    written: list[Processor] = [structlog.processors.format_exc_info] if exceptions else []
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_SHARED, _exception_text],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *written,
            rendering,
            without_secrets,
        ],
    )


def _traced(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The trace and the span that a line is from, by the names that OpenTelemetry gives them in logs."""
    if carrier := traceparent():
        _, event["trace_id"], event["span_id"], _ = carrier.split("-")
    return event


_JSON = structlog.processors.JSONRenderer(sort_keys=False)
_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _traced,
]


def _not_said_by_commands(record: logging.LogRecord) -> bool:
    return record.name not in _SAID_BY_COMMANDS


def _level(environ: Mapping[str, str], variable: str, default: str) -> int:
    wanted = environ.get(variable, "").strip().upper() or default
    return logging.getLevelNamesMapping()[wanted if wanted in LEVELS else default]


def _number(environ: Mapping[str, str], variable: str, default: int) -> int:
    said = environ.get(variable, "").strip().replace("_", "")
    return int(said) if said.isdecimal() else default


def _worth_telling(record: logging.LogRecord) -> bool:
    if record.levelno >= logging.WARNING or is_led(record):
        return True
    return record.name.partition(".")[0] not in _TALKATIVE


def _exception_text(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The traceback of a library's record that has it as a text, as one without its secrets has."""
    if "exc_info" not in event and (text := event["_record"].exc_text):
        event["exception"] = text
    return event


def quieten() -> None:
    """Ask libraries, through the environment, for silence; what the user has set stays. Call it first."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    # MLflow and Dagster warn whoever imports them about choices that are the project's, not the user's.
    for library in ("dagster", "mlflow"):
        warnings.filterwarnings("ignore", module=rf"{library}\.")

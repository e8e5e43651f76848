"""Log records of this process, whatever library makes them, without secrets in them."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from obs_dagster.secrets import scrub


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


def without_secrets(_logger: object, _method: str, text: Any) -> Any:
    """A processor that takes secrets out of what was rendered."""
    return scrub(text) if isinstance(text, str) else text

"""Python's warnings as events of the log."""

from __future__ import annotations

import warnings
from typing import TextIO

from obs_dagster.telemetry.event import Event

_WARNED = Event(
    "obs_dagster.python",
    "python warning",
    "warning",
    "Python or a library warns about how it is used; nothing has failed.",
    {"category": "the kind of warning", "message": "what it says", "place": "the file and the line"},
)


def tell_warnings() -> None:
    """Have warnings go to the log instead of standard error."""
    warnings.showwarning = _tell


def _tell(  # noqa: PLR0917  as Python calls it
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del file, line
    _WARNED(category=category.__name__, message=str(message), place=f"{filename}:{lineno}")

"""Whether what is written may have colour."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO


def wants_colour(stream: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """Whether a stream is written to in colour: a terminal is, unless the reader has said otherwise.

    `NO_COLOR` and `FORCE_COLOR` count if they are not empty, as https://no-color.org and https://force-color.org
    have it; `NO_COLOR` comes first.

    Args:
        stream: where to.
        environ: the environment variables; left out: the process's.
    """
    environ = os.environ if environ is None else environ
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") not in ("dumb", "unknown")

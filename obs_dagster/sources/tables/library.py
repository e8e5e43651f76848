"""What each kind of table needs of its library: that it is there, what it is told, and errors to read."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from urllib.parse import urlsplit

from obs_dagster.errors import SourceError
from obs_dagster.monitor.placeholders import variables
from obs_dagster.monitor.secret_url import resolved
from obs_dagster.sources.tables.snapshot import TablePlace

_LONGEST = 400
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
#: How libraries and stores say that a file, or a state, is not there any more.
_GONE = re.compile(r"not found|no such file|does not exist|NoSuchKey|\b404\b|PATH_NOT_FOUND", re.IGNORECASE)


def need(library: str, extra: str, place: TablePlace) -> None:
    """Make sure that a library is installed.

    Raises:
        SourceError: it is not; the remedy names the extra.
    """
    if find_spec(library) is None:
        raise SourceError(
            f"`{place.section}` of the monitor is a table of {extra}, and {library} is not installed.",
            remedy=f"Install the extra: `pip install 'obs-dagster[{extra}]'`.",
        )


def options_of(place: TablePlace) -> dict[str, str]:
    """The options of a table with their variables filled in, which are hidden from now on.

    Raises:
        ObsError: a variable is not set.
    """
    return {name: filled(text) for name, text in place.options}


def filled(text: str) -> str:
    """A text with its variables filled in, which are hidden from now on.

    Raises:
        ObsError: a variable is not set.
    """
    return resolved(text) if variables(text) else text


def endpoint() -> tuple[str, bool]:
    """The server in the place of Amazon's that the environment names, and whether it has no encryption."""
    named = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "")
    return named, urlsplit(named).scheme == "http"


def one_line(error: BaseException) -> str:
    """What went wrong, on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def is_gone(error: BaseException) -> bool:
    """Whether an error says that something is not there."""
    return bool(_GONE.search(str(error)))

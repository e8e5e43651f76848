"""Where the store is: its URL made ready for SQLAlchemy, and a form of it that may be printed."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from obs_dagster.errors import HistoryError

_REMEDY = (
    "Set OBS_DATABASE_URL to sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE, "
    "with special characters of the password percent-encoded."
)


def parse_url(text: str) -> URL:
    """The URL with its driver settled; PostgreSQL always means psycopg2.

    Raises:
        HistoryError: the URL is malformed, of another database, or names no SQLite file. The message
            never repeats the URL, which may hold a password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # The original error quotes the URL.
        raise HistoryError("The URL of the history store is malformed.", remedy=_REMEDY) from None
    dialect = url.drivername.split("+")[0]
    if dialect in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg2")
    if dialect != "sqlite":
        raise HistoryError(f"The history store cannot live in {dialect!r}.", remedy=_REMEDY)
    if url.database in (None, "", ":memory:"):
        raise HistoryError(
            "A history store in memory would be lost with its process.", remedy="Use sqlite:///PATH."
        )
    return url


def printable(url: URL) -> str:
    """The place without user, password and options: `postgresql at db.example:5432/obs`."""
    if url.drivername == "sqlite":
        return f"SQLite file {url.database}"
    # An unencoded @ in the password makes its tail look like a part of the host.
    host = (url.host or str(url.query.get("host", "localhost"))).rsplit("@", 1)[-1]
    port = f":{url.port}" if url.port else ""
    return f"PostgreSQL at {host}{port}/{url.database or ''}"


def make_folder(url: URL) -> None:
    """Create the folder of a SQLite file."""
    if url.drivername != "sqlite" or url.database is None:
        return
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HistoryError(
            f"The folder {folder} of the history store cannot be created: {error.strerror}.",
            remedy="Set OBS_HOME or OBS_DATABASE_URL to a place that can be written.",
        ) from error

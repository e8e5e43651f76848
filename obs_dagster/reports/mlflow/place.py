"""Where an MLflow is, and whether anything answers there."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

from obs_dagster.reports.mlflow.error import MlflowUnavailable

_PROBE_SECONDS = 3.0
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306}
_SQLITE = "sqlite:///"


def without_password(uri: str) -> str:
    """The URI as it may be shown.

    >>> without_password("https://reader:hush@mlflow.example.org/")
    'https://mlflow.example.org/'
    """
    parts = urlsplit(uri)
    return uri if not parts.username else parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def beside_sqlite(uri: str) -> str | None:
    """The folder for artifacts beside an SQLite database; None for anything else.

    MLflow's own default is the working directory, which differs from one caller to the next.
    """
    if not uri.startswith(_SQLITE):
        return None
    return Path(uri.removeprefix(_SQLITE)).absolute().parent.joinpath("mlartifacts").as_uri()


def require_answer(uri: str) -> None:
    """Fails within seconds where a server does not answer; MLflow itself retries a database for minutes.

    Raises:
        MlflowUnavailable: nothing listens there.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise MlflowUnavailable(
            f"The URI of MLflow is malformed: {error}.", remedy="Correct MLFLOW_TRACKING_URI."
        ) from None
    port = port or _PORTS.get(parts.scheme.partition("+")[0])
    if parts.hostname is None or port is None:
        return
    try:
        socket.create_connection((parts.hostname, port), timeout=_PROBE_SECONDS).close()
    except OSError as error:
        raise MlflowUnavailable(
            f"MLflow at {without_password(uri)} does not answer: {error}.",
            remedy="Start it or correct MLFLOW_TRACKING_URI; nights that were not published catch up.",
        ) from error

"""Where an MLflow is, and whether anything answers there."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from obs_dagster.mlflow_reach.error import MlflowUnavailable
from obs_dagster.mlflow_reach.waiting import no_connection

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
    if reason := no_connection(uri):
        raise MlflowUnavailable(
            f"MLflow at {without_password(uri)} does not answer: {reason}.",
            remedy="Start it or correct MLFLOW_TRACKING_URI; nights that were not published catch up.",
        )

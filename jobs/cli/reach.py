"""Looks whether the parts that the settings name answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.findings import Finding
from obs_dagster.errors import ObsError

if TYPE_CHECKING:
    from obs_dagster.settings import Settings

_SQLITE = "sqlite:///"


def history(settings: Settings) -> Finding:
    """The history store; a SQLite file that is not there yet is made by the first night."""
    from obs_dagster.history import History

    url = settings.history_url
    if _absent(url):
        return Finding("history", "store", "warn", f"{url.removeprefix(_SQLITE)}: made by the first night")
    try:
        with History.open(url) as store:
            return Finding("history", "store", "ok", store.place)
    except ObsError as error:
        return Finding("history", "store", "fail", str(error))


def mlflow(settings: Settings) -> Finding:
    """MLflow; as above."""
    from obs_dagster.mlflow_reach.answer import require_mlflow
    from obs_dagster.mlflow_reach.place import without_password

    uri = settings.mlflow_uri
    if _absent(uri):
        return Finding("mlflow", "tracking", "warn", f"{uri.removeprefix(_SQLITE)}: made by the first night")
    try:
        require_mlflow(uri)
    except ObsError as error:
        return Finding("mlflow", "tracking", "fail", str(error))
    return Finding("mlflow", "tracking", "ok", without_password(uri))


def registered_versions(settings: Settings, name: str) -> list[str]:
    """The versions of a registered model.

    Raises:
        ObsError: the registry cannot be asked.
    """
    from obs_dagster.mlflow_reach.answer import require_mlflow

    if _absent(settings.mlflow_uri):
        return []
    require_mlflow(settings.mlflow_uri)
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient(settings.mlflow_uri, settings.mlflow_uri)
    quoted = name.replace("'", "\\'")
    try:
        found = client.search_model_versions(f"name = '{quoted}'")
    except MlflowException as error:
        raise ObsError(
            f"The registry cannot be asked: {error.message}.", remedy="Check MLFLOW_TRACKING_URI."
        ) from error
    return sorted((str(each.version) for each in found), key=lambda version: (len(version), version))


def _absent(url: str) -> bool:
    return url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists()

"""The version that a monitor's champion is now: the one it names, or the one MLflow has under its alias."""

from __future__ import annotations

from obs_dagster.errors import ObsError
from obs_dagster.mlflow_reach.answer import require_mlflow
from obs_dagster.mlflow_reach.waiting import limit_waiting
from obs_dagster.monitor.champion import ALIAS
from obs_dagster.monitor.model import Monitor
from obs_dagster.versus.champion import Champion

_UNKNOWN = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})


def champion_now(monitor: Monitor, tracking_uri: str) -> Champion:
    """The champion of a monitor that names one.

    Whatever keeps an alias from being known is its reason: no night waits for a registry.

    Args:
        monitor: names it.
        tracking_uri: the MLflow server or database.
    """
    named = monitor.champion or ""
    if not named.startswith(ALIAS):
        return Champion(named)
    if monitor.registry is None:
        return Champion("", f"{named} is an alias, and the monitor has no registry")
    try:
        require_mlflow(tracking_uri)
    except ObsError:
        return Champion("", f"MLflow does not answer who {named} is")
    return _asked(monitor.registry.name, named.removeprefix(ALIAS), tracking_uri)


def _asked(name: str, alias: str, tracking_uri: str) -> Champion:
    limit_waiting()
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient(tracking_uri, tracking_uri)
    try:
        return Champion(str(client.get_model_version_by_alias(name, alias).version))
    except MlflowException as error:
        if error.error_code in _UNKNOWN:
            return Champion("", f"the registered model {name} has no alias {alias}")
        return Champion("", f"MLflow does not answer who {ALIAS}{alias} is")

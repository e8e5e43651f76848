"""Loads a version of a model from the MLflow registry, without running code that came with it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from urllib.parse import urlsplit

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.explainable import ClassModel, ExplainableModel, Puts
from obs_dagster.explain.logged_model import Adapter, LoggedModel, Trust
from obs_dagster.explain.signature import declared_kinds
from obs_dagster.kinds import Kinds, Place
from obs_dagster.lake.file_name import file_name
from obs_dagster.mlflow_reach.waiting import limit_waiting
from obs_dagster.scratch import scratch
from obs_dagster.telemetry.traces import span

ADAPTERS: Kinds[Adapter] = Kinds(
    "model adapter", "obs_dagster.adapters", [Place("obs_dagster.explain.adapters", "ADAPTER")]
)


class RegistryUnavailable(ModelLoadError):  # noqa: N818 - a state that passes
    """The registry itself cannot be asked: no version can be loaded now."""


_OF_VERSION = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "BAD_REQUEST", "NOT_FOUND"})
"""What MLflow answers about one version, and not about itself."""


def load_version(
    registry_name: str, version: str, tracking_uri: str, trust: Trust = "native", puts: Puts = "score"
) -> ExplainableModel:
    """The model of a registered version; loaded once per process, for a version never changes.

    Args:
        registry_name: the registered model.
        version: its version, as it stands in the log.
        tracking_uri: the MLflow server or database.
        trust: `native` loads LightGBM's and XGBoost's own files and skops files; `pickle` also unpickles,
            which runs whatever code the artifact holds.
        puts: what it has to put out.

    Raises:
        RegistryUnavailable: MLflow does not answer, or fails.
        ModelLoadError: there is no such version, it cannot be downloaded, its format is not one that the
            trust setting allows, or it puts out something else.
    """
    return cast("ExplainableModel", _loaded(registry_name, version, tracking_uri, trust, puts))


def load_classes(registry_name: str, version: str, tracking_uri: str, trust: Trust = "native") -> ClassModel:
    """The model of a registered version that puts out a probability of each class; as `load_version`."""
    return cast("ClassModel", _loaded(registry_name, version, tracking_uri, trust, "classes"))


def fetch_version(registry_name: str, version: str, tracking_uri: str, folder: Path) -> Path:
    """The files of a registered version, below the folder or where they are on this machine; none is loaded.

    Raises:
        RegistryUnavailable: MLflow does not answer, or fails.
        ModelLoadError: there is no such version, or it cannot be downloaded.
    """
    inside = folder / file_name(version)
    inside.mkdir(parents=True, exist_ok=True)
    return _download(registry_name, version, tracking_uri, str(inside), _place(registry_name, version))


@lru_cache(maxsize=16)
def load_fetched(
    path: Path, registry_name: str, version: str, trust: Trust, puts: Puts
) -> ExplainableModel | ClassModel:
    """The model in the files of a version; as `load_version`, which fetches them."""
    return _read(path, trust, _place(registry_name, version), puts)


def _place(registry_name: str, version: str) -> str:
    return f"Version {version} of the registered model {registry_name!r}"


@lru_cache(maxsize=16)
def _loaded(
    registry_name: str, version: str, tracking_uri: str, trust: Trust, puts: Puts
) -> ExplainableModel | ClassModel:
    place = _place(registry_name, version)
    with TemporaryDirectory(prefix="model-", dir=scratch()) as folder:
        with span("mlflow download", service="mlflow", call="download_artifacts", version=version):
            path = _download(registry_name, version, tracking_uri, folder, place)
        return _read(path, trust, place, puts)


def _read(path: Path, trust: Trust, place: str, puts: Puts) -> ExplainableModel | ClassModel:
    try:
        return _adapted(path, trust, place, puts)
    except ModelLoadError:
        raise
    except Exception as error:  # a damaged artifact fails in whatever way its library fails
        raise ModelLoadError(
            f"{place} cannot be read ({type(error).__name__}: {error}).",
            remedy="Register the model again with the library versions of this environment.",
        ) from error


def _download(name: str, version: str, tracking_uri: str, folder: str, place: str) -> Path:
    """The version's files: in the folder, or where they are if they are on this machine."""
    if not version.isdecimal():
        raise ModelLoadError(
            f"{place} does not exist: versions of the MLflow registry are numbers.",
            remedy="Log the registry's version number as the version.",
        )
    from obs_dagster.mlflow_reach.database import make_ready

    limit_waiting()
    make_ready(tracking_uri)
    import mlflow.artifacts
    from mlflow import MlflowClient

    try:
        uri = MlflowClient(tracking_uri, tracking_uri).get_model_version_download_uri(name, version)
        local = urlsplit(uri).scheme in ("", "file")
        return Path(
            mlflow.artifacts.download_artifacts(
                artifact_uri=uri, dst_path=None if local else folder, tracking_uri=tracking_uri
            )
        )
    except Exception as error:  # servers, databases and artifact stores have errors of their own
        kind = ModelLoadError if _of_version(error) else RegistryUnavailable
        raise kind(
            f"{place} cannot be fetched from {_without_password(tracking_uri)} ({error}).",
            remedy="Check MLFLOW_TRACKING_URI, `registry.name` in the monitor and that the version exists.",
        ) from error


def _of_version(error: Exception) -> bool:
    code = getattr(error, "error_code", None)
    return code in _OF_VERSION or (code is None and isinstance(error, FileNotFoundError | PermissionError))


def _adapted(path: Path, trust: Trust, place: str, puts: Puts) -> ExplainableModel | ClassModel:
    from mlflow.models import Model

    logged = Model.load(str(path))
    flavors: dict[str, dict[str, Any]] = logged.flavors
    known = ADAPTERS.all()
    name = next((each for each in known if each in flavors), None)
    if name is None:
        raise ModelLoadError(
            f"{place} has the MLflow flavors {', '.join(sorted(flavors))}; known are {', '.join(known)}.",
            remedy=f"Log it with {' or '.join(f'mlflow.{each}' for each in known)}, or remove "
            "`registry` from the monitor.",
        )
    declared = declared_kinds(logged.signature)
    return known[name].adapt(LoggedModel(path, flavors[name], declared, trust, place, puts))


def _without_password(uri: str) -> str:
    """A URI as it may be shown: without user and password."""
    scheme, separator, rest = uri.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else uri

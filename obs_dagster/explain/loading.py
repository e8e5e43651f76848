"""Loads a version of a model from the MLflow registry, without running code that came with it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from urllib.parse import urlsplit

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain import lightgbm_booster, xgboost_booster
from obs_dagster.explain.explainable import ExplainableModel
from obs_dagster.explain.signature import declared_kinds
from obs_dagster.explain.sklearn_classifier import adapt_classifier
from obs_dagster.mlflow_reach.waiting import limit_waiting
from obs_dagster.scratch import scratch

Trust = Literal["native", "pickle"]


class RegistryUnavailable(ModelLoadError):  # noqa: N818 - a state that passes
    """The registry itself cannot be asked: no version can be loaded now."""


_OF_VERSION = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "BAD_REQUEST", "NOT_FOUND"})
"""What MLflow answers about one version, and not about itself."""

# Types of scikit-learn's imputers and trees that skops does not vet, but whose loading runs no code of the
# artifact's own. The list of trusted types in the artifact is not consulted: who can write the artifact
# can write that list.
_KNOWN_TYPES = frozenset(
    {
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "numpy.dtype",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
    }
)


@lru_cache(maxsize=16)
def load_version(
    registry_name: str, version: str, tracking_uri: str, trust: Trust = "native"
) -> ExplainableModel:
    """The model of a registered version; loaded once per process, for a version never changes.

    Args:
        registry_name: the registered model.
        version: its version, as it stands in the log.
        tracking_uri: the MLflow server or database.
        trust: `native` loads LightGBM's and XGBoost's own files and skops files; `pickle` also unpickles,
            which runs whatever code the artifact holds.

    Raises:
        RegistryUnavailable: MLflow does not answer, or fails.
        ModelLoadError: there is no such version, it cannot be downloaded, its format is not one that the
            trust setting allows, or it is not a binary classifier.
    """
    place = f"Version {version} of the registered model {registry_name!r}"
    with TemporaryDirectory(prefix="model-", dir=scratch()) as folder:
        path = _download(registry_name, version, tracking_uri, folder, place)
        try:
            return _adapted(path, trust, place)
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


def _adapted(path: Path, trust: Trust, place: str) -> ExplainableModel:
    from mlflow.models import Model

    logged = Model.load(str(path))
    flavors: dict[str, dict[str, Any]] = logged.flavors
    declared = declared_kinds(logged.signature)
    if "lightgbm" in flavors:
        flavor = flavors["lightgbm"]
        if flavor.get("model_class") == "lightgbm.basic.Booster":
            import lightgbm

            booster = lightgbm.Booster(model_file=str(path / flavor["data"]))
            return lightgbm_booster.adapt_booster(booster, place=place)
        found = _deserialized(path / flavor["data"], flavor, trust, place)
        return adapt_classifier(found, place=place, declared=declared)
    if "xgboost" in flavors:
        return _xgboost(path, flavors["xgboost"], place)
    if "sklearn" in flavors:
        flavor = flavors["sklearn"]
        file = path / flavor["pickled_model"]
        found = _deserialized(file, flavor, trust, place)
        return adapt_classifier(found, place=place, declared=declared)
    raise ModelLoadError(
        f"{place} has the MLflow flavors {', '.join(sorted(flavors))}; known are lightgbm, sklearn "
        "and xgboost.",
        remedy="Log it with mlflow.lightgbm, mlflow.sklearn or mlflow.xgboost, or remove `registry` from the "
        "monitor.",
    )


def _xgboost(path: Path, flavor: dict[str, Any], place: str) -> ExplainableModel:
    """A booster, or a classifier around one, from XGBoost's own file, which holds no code."""
    try:
        import xgboost
    except ImportError as error:
        raise ModelLoadError(
            f"{place} needs XGBoost, which is not installed.",
            remedy="Install xgboost-cpu, or obs-dagster with the extra `xgboost`.",
        ) from error
    file = str(path / flavor["data"])
    if flavor.get("model_class") == "xgboost.sklearn.XGBClassifier":
        classifier = xgboost.XGBClassifier()
        classifier.load_model(file)
        return adapt_classifier(classifier, place=place)
    return xgboost_booster.adapt_booster(xgboost.Booster(model_file=file), place=place)


def _deserialized(file: Path, flavor: dict[str, Any], trust: Trust, place: str) -> Any:
    if flavor.get("serialization_format") != "skops":
        if trust != "pickle":
            raise ModelLoadError(
                f"{place} is a pickle, which runs code when it is loaded.",
                remedy="Log it with serialization_format='skops', or set `registry.trust: pickle` "
                "if you trust everybody who can write to the registry.",
            )
        import cloudpickle  # reads plain pickles too

        with file.open("rb") as content:
            return cloudpickle.load(content)
    import skops.io

    unvetted = set(skops.io.get_untrusted_types(file=file))
    refused = sorted(unvetted - _KNOWN_TYPES)
    if refused and trust != "pickle":
        raise ModelLoadError(
            f"{place} contains types that are not known to be safe: {', '.join(refused)}.",
            remedy="Set `registry.trust: pickle` if you trust everybody who can write to the registry.",
        )
    return skops.io.load(file, trusted=sorted(unvetted))


def _without_password(uri: str) -> str:
    """A URI as it may be shown: without user and password."""
    scheme, separator, rest = uri.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else uri

"""Registers the demo's versions in MLflow, as a training pipeline would."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_dagster.demo.flights import CATEGORICAL, FEATURES, LABEL, DemoError
from obs_dagster.demo.models import THRESHOLD, Recipe

if TYPE_CHECKING:
    import pandas as pd

MODEL = "flight_delay"

_FINGERPRINT = "obs.fingerprint"
_REGISTRY = "MLFLOW_REGISTRY_URI"
_INTEGERS = ("hour", "distance")


@dataclass(frozen=True, slots=True)
class Target:
    """What a registered model predicts.

    Attributes:
        model: its name in the registry.
        label: the column of the flights that it learned.
        kind: the type of that column for pandas.
        outputs: the columns that it puts out.
        params: what else its training run says.
    """

    model: str
    label: str
    kind: str
    outputs: tuple[str, ...]
    params: Mapping[str, float] = field(default_factory=dict)


FLIGHT_DELAY = Target(MODEL, LABEL, "bool", ("score",), {"threshold": THRESHOLD})


def is_registered(recipe: Recipe, fingerprint: str, tracking_uri: str, model: str = MODEL) -> bool:
    """Whether the registry holds this version, trained on this data.

    Raises:
        DemoError: it holds the version, but as another model.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        found = MlflowClient(tracking_uri, tracking_uri).get_model_version(model, recipe.version)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise DemoError(f"MLflow does not answer ({error}).", remedy="Check MLFLOW_TRACKING_URI.") from error
    if found.tags.get(_FINGERPRINT) != fingerprint:
        raise DemoError(
            f"Version {recipe.version} of the registered model {model!r} is not the one of this demo.",
            remedy="Run the demo with an OBS_HOME (or MLFLOW_TRACKING_URI) of its own.",
        )
    return True


def register(
    recipe: Recipe,
    model: Any,
    training: pd.DataFrame,
    *,
    metrics: dict[str, float],
    fingerprint: str,
    baseline: Path,
    tracking_uri: str,
    artifacts: Path,
    target: Target = FLIGHT_DELAY,
) -> None:
    """Log a training run with its data, parameters, metrics and model, and register the model.

    Args:
        recipe: how the version came to be.
        model: the trained model.
        training: the rows it learned from.
        metrics: quality of the out-of-fold scores.
        fingerprint: identifies the training; written to the version as a tag.
        baseline: the file that holds the training rows; recorded as the source of the dataset.
        tracking_uri: MLflow's tracking and registry URI.
        artifacts: where model files go if MLflow is a local database; a server decides itself.
        target: what it predicts, under which name.

    Raises:
        DemoError: the registry gave the model another version, because it had one already.
    """
    import mlflow
    from mlflow.entities import LoggedModelInput

    with _talking_to(tracking_uri):
        _import_pyfunc()
        with mlflow.start_run(
            experiment_id=_experiment(tracking_uri, artifacts, target),
            run_name=f"{target.model} {recipe.version}",
        ):
            mlflow.set_tags({"algorithm": recipe.algorithm, _FINGERPRINT: fingerprint})
            months = f"January-{training['date'].max():%B} 2013"
            mlflow.log_params({**recipe.params, "trained_on": months, **target.params})
            logged = _log_model(recipe, model, target)
            dataset = _dataset(training, baseline, f"flights {months}", target)
            mlflow.log_input(dataset, context="training", model=LoggedModelInput(model_id=logged.model_id))
            mlflow.log_metrics(metrics, model_id=logged.model_id, dataset=dataset)
        tags = {_FINGERPRINT: fingerprint, "algorithm": recipe.algorithm, "trained_on": months}
        # it prints what it does, such as that the first version's model exists when the second one comes
        with redirect_stderr(io.StringIO()):
            version = mlflow.register_model(logged.model_uri, target.model, tags=tags)
    if str(version.version) != recipe.version:
        raise DemoError(
            f"MLflow registered {target.model!r} as version {version.version}; the demo needs "
            f"{recipe.version}.",
            remedy="Run the demo with an OBS_HOME (or MLFLOW_TRACKING_URI) of its own.",
        )


@contextmanager
def _talking_to(uri: str) -> Iterator[None]:
    """Point MLflow's fluent functions at a server; they know only of one for the whole process."""
    import mlflow

    was_set = mlflow.is_tracking_uri_set()  # type: ignore[no-untyped-call]
    tracking = mlflow.get_tracking_uri() if was_set else None
    registry = os.environ.get(_REGISTRY)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(tracking)  # type: ignore[arg-type]  # None takes it back
        mlflow.set_registry_uri(registry or "")
        if registry is None:
            # MLflow sets this variable along with the registry, and never takes it back
            os.environ.pop(_REGISTRY, None)


def _experiment(tracking_uri: str, artifacts: Path, target: Target) -> str:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri, tracking_uri)
    name = f"training/{target.model}"
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    # With a local database MLflow would put artifacts into the current directory.
    local = tracking_uri.startswith("sqlite:")
    return str(client.create_experiment(name, artifacts.as_uri() if local else None))


def _log_model(recipe: Recipe, model: Any, target: Target) -> Any:
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    signature = ModelSignature(
        inputs=Schema(
            [
                ColSpec(
                    "string" if name in CATEGORICAL else "long" if name in _INTEGERS else "double",
                    name,
                    required=name in CATEGORICAL or name in _INTEGERS,
                )
                for name in FEATURES
            ]
        ),
        outputs=Schema([ColSpec("double", name) for name in target.outputs]),
    )
    # Naming the requirements keeps MLflow from starting a process to find them out.
    if recipe.algorithm == "LightGBM":
        requirements = mlflow.lightgbm.get_default_pip_requirements()
        return mlflow.lightgbm.log_model(
            model, name=target.model, signature=signature, pip_requirements=requirements
        )
    requirements = mlflow.sklearn.get_default_pip_requirements(include_skops=True)
    return mlflow.sklearn.log_model(
        model,
        name=target.model,
        signature=signature,
        pip_requirements=requirements,
        serialization_format="skops",
        skops_trusted_types=["numpy.dtype"],  # the imputer keeps that of its training data
    )


def _import_pyfunc() -> None:
    """Import what MLflow imports while it saves a model, without what it says about its own type hints."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*Any type hint is inferred", category=UserWarning)
        import mlflow.pyfunc  # noqa: F401 (for its effect)


def _dataset(training: pd.DataFrame, source: Path, name: str, target: Target) -> Any:
    from mlflow.data.pandas_dataset import from_pandas

    with warnings.catch_warnings():
        # It warns that integer columns cannot hold nulls, which hour, distance and label never have, and that
        # a path may be a local artifact or a local artifact.
        for message in ("(?s).*[Ii]nteger column", ".*interpreted in multiple ways"):
            warnings.filterwarnings("ignore", message=message, category=UserWarning)
        return from_pandas(
            training[[*FEATURES, target.label]].astype({target.label: target.kind}),
            source=str(source),
            targets=target.label,
            name=name,
        )

"""The model registry, as far as reports need it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from obs_dagster.reports.mlflow.entities import ModelVersion
from obs_dagster.reports.mlflow.reaching import reaching
from obs_dagster.reports.mlflow.training import Trained

_CONTEXT = "mlflow.data.context"
"""The tag that says what a run read a data set for."""

_PARENT = "mlflow.parentRunId"
_MOST_TRIALS = 1_000

_MODEL_ID = re.compile(r"^models:/(m-[0-9a-f]+)$")


class Registry:
    """The registry of an MLflow.

    Args:
        client: MLflow's own client.
        place: where it is, as it may be shown.
    """

    def __init__(self, client: Any, place: str) -> None:
        self._client = client
        self.place = place

    @reaching
    def version(self, name: str, version: str) -> ModelVersion | None:
        """A version of a registered model; None if there is none of that name."""
        from mlflow.exceptions import MlflowException

        try:
            found = self._client.get_model_version(name, version)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise
        match = _MODEL_ID.match(found.source or "")
        model_id = self._known_model(match.group(1)) if match else None
        return ModelVersion(dict(found.tags), found.description or "", model_id)

    def _known_model(self, model_id: str) -> str | None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_logged_model(model_id)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        return model_id

    @reaching
    def trained(self, name: str, version: str) -> Trained:
        """What a version of a registered model was trained with, as the run says that registered it."""
        from mlflow.exceptions import MlflowException

        try:
            run_id = self._client.get_model_version(name, version).run_id
            if not run_id:
                return Trained(reason="it was registered by no run")
            run = self._client.get_run(run_id)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return Trained(reason="MLflow has no such version, or not the run that registered it")
            raise
        read = {
            " ".join([each.dataset.name, *(f"({tag.value})" for tag in each.tags if tag.key == _CONTEXT)]): (
                each.dataset.digest
            )
            for each in run.inputs.dataset_inputs
        }
        return Trained(dict(run.data.params), read, dict(run.data.metrics), self._search(run))

    def _search(self, run: Any) -> str:
        """The search that a run is a trial of, in words; empty if it is of none, or that is gone."""
        from mlflow.exceptions import MlflowException

        parent = run.data.tags.get(_PARENT)
        if not parent:
            return ""
        try:
            name = self._client.get_run(parent).info.run_name
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return ""
            raise
        trials = self._client.search_runs(
            [run.info.experiment_id], f"tags.`{_PARENT}` = '{parent}'", max_results=_MOST_TRIALS
        )
        more = "at least " * (len(trials) == _MOST_TRIALS)
        return f"{name}, one of {more}{len(trials)} trials"

    @reaching
    def tag(self, name: str, version: str, tags: Mapping[str, str]) -> None:
        """Sets tags of a version."""
        for key, value in tags.items():
            self._client.set_model_version_tag(name, version, key, value)

    @reaching
    def describe(self, name: str, version: str, description: str) -> None:
        """Gives a version another description."""
        self._client.update_model_version(name, version, description)

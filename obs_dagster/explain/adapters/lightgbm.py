"""Models that were logged with `mlflow.lightgbm`."""

from __future__ import annotations

from obs_dagster.explain import lightgbm_booster
from obs_dagster.explain.explainable import ExplainableModel
from obs_dagster.explain.logged_model import LoggedModel
from obs_dagster.explain.sklearn_classifier import adapt_classifier


class LightGBM:
    """LightGBM's own files, and its classifiers for scikit-learn."""

    name = "lightgbm"

    def adapt(self, logged: LoggedModel) -> ExplainableModel:
        """A booster, or a classifier around one."""
        if logged.flavor.get("model_class") == "lightgbm.basic.Booster":
            import lightgbm

            booster = lightgbm.Booster(model_file=str(logged.path / logged.flavor["data"]))
            return lightgbm_booster.adapt_booster(booster, place=logged.place)
        found = logged.deserialized(logged.flavor["data"])
        return adapt_classifier(found, place=logged.place, declared=logged.declared)


ADAPTER = LightGBM()

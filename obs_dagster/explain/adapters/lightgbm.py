"""Models that were logged with `mlflow.lightgbm`."""

from __future__ import annotations

from obs_dagster.explain import class_boosters, lightgbm_booster
from obs_dagster.explain.estimators import adapt_estimator
from obs_dagster.explain.explainable import ClassModel, ExplainableModel
from obs_dagster.explain.logged_model import LoggedModel


class LightGBM:
    """LightGBM's own files, and its estimators for scikit-learn."""

    name = "lightgbm"

    def adapt(self, logged: LoggedModel) -> ExplainableModel | ClassModel:
        """A booster, or an estimator around one."""
        if logged.flavor.get("model_class") == "lightgbm.basic.Booster":
            import lightgbm

            booster = lightgbm.Booster(model_file=str(logged.path / logged.flavor["data"]))
            if logged.puts == "classes":
                return class_boosters.adapt_lightgbm(booster, place=logged.place)
            return lightgbm_booster.adapt_booster(booster, place=logged.place, puts=logged.puts)
        found = logged.deserialized(logged.flavor["data"])
        return adapt_estimator(found, logged, logged.declared)


ADAPTER = LightGBM()

"""Models that were logged with `mlflow.xgboost`."""

from __future__ import annotations

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain import class_boosters, xgboost_booster
from obs_dagster.explain.estimators import adapt_estimator
from obs_dagster.explain.explainable import ClassModel, ExplainableModel
from obs_dagster.explain.logged_model import LoggedModel


class XGBoost:
    """XGBoost's own files, which hold no code."""

    name = "xgboost"

    def adapt(self, logged: LoggedModel) -> ExplainableModel | ClassModel:
        """A booster, or an estimator around one."""
        try:
            import xgboost
        except ImportError as error:
            raise ModelLoadError(
                f"{logged.place} needs XGBoost, which is not installed.",
                remedy="Install xgboost-cpu, or obs-dagster with the extra `xgboost`.",
            ) from error
        file = str(logged.path / logged.flavor["data"])
        name = str(logged.flavor.get("model_class", "")).removeprefix("xgboost.sklearn.")
        if name in ("XGBClassifier", "XGBRegressor"):
            estimator = getattr(xgboost, name)()
            estimator.load_model(file)
            return adapt_estimator(estimator, logged)
        booster = xgboost.Booster(model_file=file)
        if logged.puts == "classes":
            return class_boosters.adapt_xgboost(booster, place=logged.place)
        return xgboost_booster.adapt_booster(booster, place=logged.place, puts=logged.puts)


ADAPTER = XGBoost()

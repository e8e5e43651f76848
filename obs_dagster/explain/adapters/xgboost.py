"""Models that were logged with `mlflow.xgboost`."""

from __future__ import annotations

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain import xgboost_booster
from obs_dagster.explain.explainable import ExplainableModel
from obs_dagster.explain.logged_model import LoggedModel
from obs_dagster.explain.sklearn_classifier import adapt_classifier


class XGBoost:
    """XGBoost's own files, which hold no code."""

    name = "xgboost"

    def adapt(self, logged: LoggedModel) -> ExplainableModel:
        """A booster, or a classifier around one."""
        try:
            import xgboost
        except ImportError as error:
            raise ModelLoadError(
                f"{logged.place} needs XGBoost, which is not installed.",
                remedy="Install xgboost-cpu, or obs-dagster with the extra `xgboost`.",
            ) from error
        file = str(logged.path / logged.flavor["data"])
        if logged.flavor.get("model_class") == "xgboost.sklearn.XGBClassifier":
            classifier = xgboost.XGBClassifier()
            classifier.load_model(file)
            return adapt_classifier(classifier, place=logged.place)
        return xgboost_booster.adapt_booster(xgboost.Booster(model_file=file), place=logged.place)


ADAPTER = XGBoost()

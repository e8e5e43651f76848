"""Models that were logged with `mlflow.catboost`."""

from __future__ import annotations

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.catboost_model import CatBoostClasses, CatBoostModel, adapt_catboost
from obs_dagster.explain.logged_model import LoggedModel


class CatBoost:
    """CatBoost's own files, which hold no code."""

    name = "catboost"

    def adapt(self, logged: LoggedModel) -> CatBoostModel | CatBoostClasses:
        """The model in the file."""
        try:
            import catboost
        except ImportError as error:
            raise ModelLoadError(
                f"{logged.place} needs CatBoost, which is not installed.",
                remedy="Install catboost, or obs-dagster with the extra `catboost`.",
            ) from error
        kind = str(logged.flavor.get("model_type", ""))
        if kind not in ("CatBoost", "CatBoostClassifier", "CatBoostRegressor"):
            raise ModelLoadError(
                f"{logged.place} is a {kind or 'model'} of CatBoost, which has no score of a single row.",
                remedy="Register a CatBoostClassifier or a CatBoostRegressor.",
            )
        model = getattr(catboost, kind)()
        file = str(logged.path / str(logged.flavor["data"]))
        model.load_model(file, format=str(logged.flavor.get("save_format", "cbm")))
        return adapt_catboost(model, place=logged.place, puts=logged.puts)


ADAPTER = CatBoost()

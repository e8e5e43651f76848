"""Models of CatBoost, with categories as texts."""

from tests.unit.explain.conftest import CATEGORICAL
from tests.unit.explain.registered_model import Registered


def _log(kind, **settings):
    def log(rows, labels, name):
        import catboost
        import mlflow.catboost

        given = {"iterations": 25, "depth": 4, "verbose": False, "thread_count": 1, **settings}
        given["allow_writing_files"] = False
        model = catboost.CatBoost(given) if kind == "CatBoost" else getattr(catboost, kind)(**given)
        model.fit(rows, labels, cat_features=CATEGORICAL)
        return mlflow.catboost.log_model(model, name=name, pip_requirements=["catboost"])

    return log


MODELS = {
    "classifier": Registered("score", _log("CatBoostClassifier"), pairs=True),
    "regressor": Registered("number", _log("CatBoostRegressor"), pairs=True),
    "counts": Registered("number", _log("CatBoostRegressor", loss_function="Poisson"), exact=False),
    "classes": Registered("classes", _log("CatBoostClassifier", loss_function="MultiClass")),
    "plain": Registered("score", _log("CatBoost", loss_function="Logloss"), pairs=True),
}

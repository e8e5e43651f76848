"""Models of XGBoost, with categories of pandas."""

from tests.unit.explain.conftest import CATEGORICAL
from tests.unit.explain.registered_model import Registered


def _log(objective, **settings):
    def log(rows, labels, name):
        import mlflow.xgboost
        import numpy as np
        import xgboost

        given = np.unique(labels, return_inverse=True)[1] if "num_class" in settings else labels
        data = xgboost.DMatrix(
            rows.astype(dict.fromkeys(CATEGORICAL, "category")), given, enable_categorical=True
        )
        params = {"objective": objective, "nthread": 1, "max_depth": 3, **settings}
        booster = xgboost.train(params, data, num_boost_round=12)
        return mlflow.xgboost.log_model(booster, name=name, pip_requirements=["xgboost"])

    return log


MODELS = {
    "booster": Registered("score", _log("binary:logistic"), pairs=True),
    "regression": Registered("number", _log("reg:squarederror"), pairs=True),
    "classes": Registered("classes", _log("multi:softprob", num_class=3)),
}

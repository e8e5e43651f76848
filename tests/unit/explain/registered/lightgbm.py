"""Models of LightGBM: categories of pandas, and codes of whole numbers and truth values."""

from tests.unit.explain.conftest import CATEGORICAL
from tests.unit.explain.registered_model import Registered

_SETTINGS = {"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5, "num_leaves": 8}


def _codes(rows):
    """Categories as the whole numbers and truth values that a service logs."""
    return rows.assign(
        carrier=rows["carrier"].map({"UA": 3, "AA": 7, "B6": 9, "DL": 12}), origin=rows["origin"] == "JFK"
    )


def _log(objective, prepare=None, **settings):
    def log(rows, labels, name):
        import lightgbm
        import mlflow.lightgbm

        if prepare is not None:
            data = lightgbm.Dataset(prepare(rows), labels, categorical_feature=["carrier"])
        else:
            data = lightgbm.Dataset(rows.astype(dict.fromkeys(CATEGORICAL, "category")), labels)
        booster = lightgbm.train({"objective": objective, **_SETTINGS, **settings}, data, num_boost_round=12)
        return mlflow.lightgbm.log_model(booster, name=name, pip_requirements=["lightgbm"])

    return log


def _classes(rows, labels, name):
    import numpy as np

    codes = np.unique(labels, return_inverse=True)[1]
    return _log("multiclass", num_class=3)(rows, codes, name)


MODELS = {
    "booster": Registered("score", _log("binary"), pairs=True),
    "codes": Registered("score", _log("binary", _codes), pairs=True, prepare=_codes),
    "regression": Registered("number", _log("regression"), pairs=True),
    "counts": Registered("number", _log("poisson"), exact=False),
    "classes": Registered("classes", _classes),
}

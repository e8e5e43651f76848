"""Graphs of ONNX: one matrix, and an input per column, with probabilities as a tensor and as a mapping."""

from tests.unit.explain.conftest import CATEGORICAL, NUMERIC
from tests.unit.explain.registered_model import Registered, numeric


def _filled(rows):
    return rows.assign(**numeric(rows))


def _logged(graph, name, **settings):
    import mlflow.onnx

    return mlflow.onnx.log_model(graph, name=name, pip_requirements=["onnxruntime"], **settings)


def _matrix(estimator, *, named, options=None):
    def log(rows, labels, name):
        import mlflow.models
        import skl2onnx
        from skl2onnx.common.data_types import FloatTensorType

        given = numeric(rows)
        model = estimator().fit(given.to_numpy(), labels)
        kinds = [("X", FloatTensorType([None, len(NUMERIC)]))]
        graph = skl2onnx.convert_sklearn(
            model, initial_types=kinds, options={id(model): options} if options else None
        )
        signature = mlflow.models.infer_signature(given) if named else None
        return _logged(graph, name, signature=signature)

    return log


def _columns(rows, labels, name):
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder

    columns = ColumnTransformer(
        [("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORICAL)], remainder="passthrough"
    )
    model = Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=500))]).fit(rows, labels)
    kinds = [(each, FloatTensorType([None, 1])) for each in NUMERIC]
    kinds += [(each, StringTensorType([None, 1])) for each in CATEGORICAL]
    return _logged(skl2onnx.convert_sklearn(model, initial_types=kinds), name)


def _logistic():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=500)


def _trees():
    from sklearn.ensemble import GradientBoostingRegressor

    return GradientBoostingRegressor(n_estimators=5, random_state=0)


_OF = {"features": tuple(NUMERIC), "exact": False, "prepare": _filled}
_TENSOR = {"zipmap": False}

MODELS = {
    "matrix": Registered("score", _matrix(_logistic, named=True, options=_TENSOR), **_OF),
    "matrix without names": Registered("score", _matrix(_logistic, named=False), **_OF),
    "columns": Registered("score", _columns, exact=False, prepare=_filled),
    "classes": Registered("classes", _matrix(_logistic, named=True), **_OF),
    "regressor": Registered("number", _matrix(_trees, named=True), **_OF),
}

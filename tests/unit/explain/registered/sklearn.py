"""Models of scikit-learn: native categories, target encoders, calibrated and stacked ones, detectors."""

from tests.unit.explain.conftest import CATEGORICAL, NUMERIC
from tests.unit.explain.registered_model import NATIVE, Registered


def _logged(model, name, **settings):
    import mlflow.sklearn

    return mlflow.sklearn.log_model(model, name=name, serialization_format="skops", **NATIVE, **settings)


def _trusted(model):
    """What the artifact says of itself, which nobody here believes."""
    import skops.io

    return skops.io.get_untrusted_types(data=skops.io.dumps(model))


def _encoded(estimator, encoder):
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline

    columns = ColumnTransformer([("categories", encoder, CATEGORICAL), ("numbers", SimpleImputer(), NUMERIC)])
    return Pipeline([("columns", columns), ("estimator", estimator)])


def _log(make):
    def log(rows, labels, name):
        model = make().fit(rows, labels)
        return _logged(model, name, skops_trusted_types=_trusted(model))

    return log


def _one_hot(estimator):
    from sklearn.preprocessing import OneHotEncoder

    return _encoded(estimator, OneHotEncoder(handle_unknown="ignore"))


def _target(estimator):
    from sklearn.preprocessing import TargetEncoder

    return _encoded(estimator, TargetEncoder(random_state=0))


def _native_categories(kind):
    import sklearn.ensemble
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    codes = ColumnTransformer([("categories", OrdinalEncoder(), CATEGORICAL)], remainder="passthrough")
    boosting = getattr(sklearn.ensemble, kind)(
        categorical_features=[0, 1], max_iter=12, max_leaf_nodes=8, min_samples_leaf=5, random_state=0
    )
    return Pipeline([("codes", codes), ("boosting", boosting)])


def _calibrated(method):
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.linear_model import LogisticRegression

    return CalibratedClassifierCV(_one_hot(LogisticRegression()), method=method, cv=2)


def _stacked():
    from sklearn.ensemble import RandomForestClassifier, StackingClassifier
    from sklearn.linear_model import LogisticRegression

    parts = [
        ("linear", _one_hot(LogisticRegression())),
        ("forest", _one_hot(RandomForestClassifier(3, max_depth=3, random_state=0))),
    ]
    return StackingClassifier(parts, LogisticRegression(), cv=2)


def _forest():
    from sklearn.ensemble import RandomForestClassifier

    return _one_hot(RandomForestClassifier(4, max_depth=4, random_state=0))


def _linear(encode):
    from sklearn.linear_model import LogisticRegression

    return encode(LogisticRegression(max_iter=500))


def _isolation():
    from sklearn.ensemble import IsolationForest

    return _one_hot(IsolationForest(n_estimators=20, max_samples=64, random_state=0))


def _covariance():
    from sklearn.covariance import EllipticEnvelope

    return _encoded(EllipticEnvelope(random_state=0), _ordinal())


def _ordinal():
    from sklearn.preprocessing import OrdinalEncoder

    return OrdinalEncoder()


MODELS = {
    "logistic": Registered("score", _log(lambda: _linear(_one_hot))),
    "target encoder": Registered("score", _log(lambda: _linear(_target))),
    "target encoder of classes": Registered("classes", _log(lambda: _linear(_target))),
    "forest": Registered("score", _log(_forest), pairs=True),
    "native categories": Registered(
        "score", _log(lambda: _native_categories("HistGradientBoostingClassifier")), pairs=True
    ),
    "native categories of a regressor": Registered(
        "number", _log(lambda: _native_categories("HistGradientBoostingRegressor")), pairs=True
    ),
    "calibrated": Registered("score", _log(lambda: _calibrated("sigmoid")), exact=False),
    "calibrated by steps": Registered("score", _log(lambda: _calibrated("isotonic")), exact=False),
    "stacked": Registered("score", _log(_stacked), exact=False),
    "isolation forest": Registered("number", _log(_isolation)),
    "covariance": Registered("number", _log(_covariance), exact=False),
}

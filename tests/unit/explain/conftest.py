"""Models small enough to train in a test, on rows with what real logs have: nulls, categories, constants."""

import warnings

import numpy as np
import pandas as pd
import pytest

NUMERIC = ["hour", "temp", "constant"]
CATEGORICAL = ["carrier", "origin"]
FEATURES = [*NUMERIC, *CATEGORICAL]


def make_rows(n, seed):
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "hour": draw.integers(5, 24, n),
            "temp": np.where(draw.random(n) < 0.1, np.nan, draw.normal(50, 15, n)),
            "constant": 1.0,
            "carrier": draw.choice(["UA", "AA", "B6", "DL"], n),
            "origin": draw.choice(["EWR", "JFK"], n),
        },
        index=[f"flight-{seed}-{row}" for row in range(n)],
    )


def make_labels(rows, seed=0):
    margin = (
        (rows["hour"] - 14) / 4 + np.where(rows["carrier"] == "UA", 1.0, -0.5) + rows["temp"].fillna(50) / 50
    )
    return (np.random.default_rng(seed).random(len(rows)) < 1 / (1 + np.exp(1 - margin))).astype(int)


@pytest.fixture(scope="session")
def training():
    return make_rows(1500, seed=1)


@pytest.fixture(scope="session")
def rows():
    return make_rows(60, seed=2)


@pytest.fixture(scope="session")
def booster(training):
    import lightgbm

    frame = training.astype(dict.fromkeys(CATEGORICAL, "category"))
    params = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    return lightgbm.train(params, lightgbm.Dataset(frame, make_labels(training)), num_boost_round=30)


@pytest.fixture(scope="session")
def pipeline_of(training):
    """Fits a pipeline that ends in the given classifier."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    def fitted(classifier):
        numbers = Pipeline([("impute", SimpleImputer(add_indicator=True)), ("scale", StandardScaler())])
        columns = ColumnTransformer(
            [
                ("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORICAL),
                ("numbers", numbers, NUMERIC),
            ]
        )
        return Pipeline([("columns", columns), ("classifier", classifier)]).fit(
            training, make_labels(training)
        )

    return fitted


@pytest.fixture(scope="session")
def logistic(pipeline_of):
    from sklearn.linear_model import LogisticRegression

    return pipeline_of(LogisticRegression())


@pytest.fixture(scope="session")
def registry(tmp_path_factory, booster, logistic, pipeline_of):
    """An MLflow registry on SQLite: versions 1 logistic, 2 booster, 3 pickle, 4 forest, 5 k neighbours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow warns about its own type hints and about pickles
        import mlflow
        import mlflow.pyfunc
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.neighbors import KNeighborsClassifier

        folder = tmp_path_factory.mktemp("registry")
        uri = f"sqlite:///{folder / 'mlflow.db'}"
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(uri)
        experiment = mlflow.create_experiment("training", (folder / "artifacts").as_uri())
        forest = pipeline_of(RandomForestClassifier(5, max_depth=4, random_state=0))
        trees = ["numpy.dtype", "sklearn.tree._tree.Tree"]
        neighbours = [
            "numpy.dtype",
            "sklearn.metrics._dist_metrics.EuclideanDistance64",
            "sklearn.neighbors._kd_tree.KDTree",
        ]
        quiet = {"pip_requirements": ["scikit-learn"]}
        sk = mlflow.sklearn.log_model
        with mlflow.start_run(experiment_id=experiment):
            logged = [
                sk(logistic, name="a", skops_trusted_types=["numpy.dtype"], **quiet),
                mlflow.lightgbm.log_model(booster, name="b", **quiet),
                sk(logistic, name="c", serialization_format="cloudpickle", **quiet),
                sk(forest, name="d", skops_trusted_types=trees, **quiet),
                sk(pipeline_of(KNeighborsClassifier()), name="e", skops_trusted_types=neighbours, **quiet),
            ]
        for model in logged:
            mlflow.register_model(model.model_uri, "delay")
        mlflow.set_tracking_uri(before)
    return uri

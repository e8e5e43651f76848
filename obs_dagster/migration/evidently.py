"""Configurations of Evidently: reports as JSON, with their metrics and tests, and column mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from obs_dagster.migration.carried import Carried

Document = Mapping[str, Any]

_METHODS = {
    "psi": "psi.evidently",
    "jensenshannon": "jensen_shannon.evidently",
    "jensen-shannon distance": "jensen_shannon.evidently",
    "wasserstein": "wasserstein.evidently",
    "wasserstein distance (normed)": "wasserstein.evidently",
    "ks": "ks.evidently",
    "k-s p_value": "ks.evidently",
    "hellinger": "hellinger.evidently",
    "hellinger distance": "hellinger.evidently",
    "chisquare": "chi_square.evidently",
    "chi-square p_value": "chi_square.evidently",
}
_P_VALUES = ("ks.evidently", "chi_square.evidently")
_NUMERIC = ("wasserstein.evidently", "ks.evidently")
_DEFAULTS = dict.fromkeys(_P_VALUES, 0.05)
_QUALITY = {
    "Accuracy": "accuracy",
    "Precision": "precision",
    "Recall": "recall",
    "F1Score": "f1",
    "RocAuc": "roc_auc",
    "LogLoss": "log_loss",
    "MAE": "mae",
    "RMSE": "rmse",
    "MAPE": "mape",
    "R2Score": "r2",
}
_SIDES = {
    "GreaterOrEqualMetricTest": "below",
    "GreaterThanMetricTest": "below",
    "LessOrEqualMetricTest": "above",
    "LessThanMetricTest": "above",
}
_MAPPING = {"id": "prediction_id", "datetime": "time"}
_FEATURES = {
    "numerical_features": "number",
    "categorical_features": "category",
    "numerical_columns": "number",
    "categorical_columns": "category",
}


def is_one(document: Document) -> bool:
    """Whether a document is such a configuration."""
    return isinstance(document.get("metrics"), list) or any(_mappings(document))


def carried(document: Document) -> Carried:
    """What monitors have of it."""
    found = Carried("Evidently", windows=[1])
    for mapping in _mappings(document):
        _mapped(found, mapping)
    metrics = document.get("metrics") or []
    for each in metrics if isinstance(metrics, Sequence) else ():
        if "config" in each:
            _metric(found, each["config"])
        elif "metric" in each:
            _older(found, str(each["metric"]), each.get("result") or {})
        else:
            found.lose(f"an entry of `metrics` that has neither `config` nor `metric`: {sorted(each)}")
    for key in sorted(set(document) & {"monitors", "service", "sections", "data_format"}):
        found.lose(f"`{key}`")
    return found


def _mappings(document: Document) -> Iterator[Document]:
    """Column mappings, at the top or one for each data set, and data definitions."""
    for key in ("column_mapping", "data_definition"):
        if isinstance(document.get(key), Mapping):
            yield document[key]
    datasets = document.get("datasets")
    for each in datasets.values() if isinstance(datasets, Mapping) else ():
        if isinstance(each, Mapping) and isinstance(each.get("column_mapping"), Mapping):
            yield each["column_mapping"]
    if set(document) & set(_FEATURES):
        yield document


def _mapped(found: Carried, mapping: Document) -> None:
    for key, role in _MAPPING.items():
        if mapping.get(key):
            found.roles.setdefault(role, str(mapping[key]))
    if mapping.get("target"):
        found.label = found.label or str(mapping["target"])
    task = _outputs(found, mapping) or str(mapping.get("task") or "")
    _prediction(found, mapping.get("prediction"), task)
    found.task = found.task or {"classification": "binary_classification"}.get(task, task)
    for key, kind in _FEATURES.items():
        found.add(map(str, mapping.get(key) or ()), kind)
    for key in ("text_features", "text_columns", "embeddings", "datetime_features", "datetime_columns"):
        if mapping.get(key):
            found.lose(f"`{key}`")


def _prediction(found: Carried, prediction: Any, task: str) -> None:
    """The prediction of a column mapping: a column, or one for each class."""
    if isinstance(prediction, str):
        found.roles.setdefault("score" if task == "classification" else "prediction", prediction)
        if task == "classification":
            found.lose(f"whether `{prediction}` is a probability or a class: it is taken for the score")
    elif prediction:
        found.lose("`prediction` of several columns: name them under `logs.columns.scores`")


def _outputs(found: Carried, mapping: Document) -> str:
    """What a data definition says of the model; the kind of model, or nothing."""
    task = ""
    for each in mapping.get("classification") or ():
        found.label = found.label or str(each.get("target") or "")
        for key, role in (("prediction_probas", "score"), ("prediction_labels", "prediction")):
            if isinstance(each.get(key), str):
                found.roles.setdefault(role, each[key])
        task = "classification"
    for each in mapping.get("regression") or ():
        found.label = found.label or str(each.get("target") or "")
        found.roles.setdefault("prediction", str(each.get("prediction") or "prediction"))
        task = "regression"
    return task


def _metric(found: Carried, config: Document) -> None:
    name = str(config.get("type", "")).rpartition(":")[2]
    if name == "ValueDrift":
        _drift(found, str(config.get("column")), config.get("method"), config.get("threshold"))
    elif name in _QUALITY:
        _tests(found, _QUALITY[name], name, config.get("tests") or (), settled=True)
    elif name == "MissingValueCount":
        column = str(config.get("column"))
        found.add([column], "number")
        _tests(found, "missing_share", name, config.get("share_tests") or (), columns=[column])
        if config.get("tests"):
            found.lose(f"tests of the count of missing values of `{column}`: shares are watched")
    elif name == "RowCount":
        _tests(found, "rows_read", name, config.get("tests") or ())
    elif name == "DriftedColumnsCount":
        found.lose("`DriftedColumnsCount`: each column has a rule of its own")
    else:
        found.lose(f"`{name}`")


def _older(found: Carried, name: str, result: Document) -> None:
    """A metric of the reports before 0.7, of whose configuration the result tells."""
    if name == "ColumnDriftMetric":
        _drifted(found, result)
    elif name == "DataDriftTable":
        for each in (result.get("drift_by_columns") or {}).values():
            _drifted(found, each)
    elif name != "DatasetDriftMetric":
        found.lose(f"`{name}`")


def _drifted(found: Carried, result: Document) -> None:
    column = str(result.get("column_name"))
    if kind := {"num": "number", "cat": "category"}.get(str(result.get("column_type"))):
        found.add([column], kind)
    _drift(found, column, result.get("stattest_name"), result.get("stattest_threshold"))


def _drift(found: Carried, column: str, method: Any, threshold: Any) -> None:
    metric = _METHODS.get(str(method).lower())
    if metric is None:
        found.lose(
            f"the drift method of `{column}`, which Evidently chooses when it runs"
            if method is None
            else f"the drift method `{method}` of `{column}`"
        )
        return
    if column not in found.features:
        if metric in _NUMERIC:
            found.add([column], "number")
        elif metric == "chi_square.evidently":
            found.add([column], "category")
        elif column not in (*found.roles.values(), found.label):
            found.lose(f"the type of `{column}`: it is taken for a number")
            found.add([column], "number")
    if column == found.label:
        found.lose(f"drift of the label `{column}`: watch `positive_share`")
        return
    default = _DEFAULTS.get(metric, 0.1)
    side = "below" if metric in _P_VALUES else "above"
    limit = {side: float(default if threshold is None else threshold)}
    same = [rule for rule in found.rules if rule["metric"] == metric and rule.get(side) == limit[side]]
    if same and "columns" in same[0]:
        same[0]["columns"].append(column)
    else:
        found.watch(metric, limit, window=1, columns=[column])


def _tests(found: Carried, metric: str, name: str, tests: Sequence[Document], **more: object) -> None:
    for test in tests:
        kind = str(test.get("type", "")).rpartition(":")[2]
        if kind in _SIDES and isinstance(test.get("threshold"), int | float):
            found.watch(metric, {_SIDES[kind]: float(test["threshold"])}, window=1, **more)
        else:
            found.lose(f"the test `{kind}` of `{name}`")
    if not tests:
        found.lose(f"`{name}` without a test: it is computed every night, and no rule watches it")

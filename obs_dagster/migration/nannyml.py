"""Configurations of NannyML's runner (`nannyml.yaml`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from obs_dagster.migration.carried import Carried

Document = Mapping[str, Any]

_TASKS = {
    "classification_binary": "binary_classification",
    "classification_multiclass": "multiclass_classification",
    "regression": "regression",
}
_DRIFT = {
    "jensen_shannon": "jensen_shannon.nannyml",
    "hellinger": "hellinger.nannyml",
    "wasserstein": "wasserstein.nannyml",
    "kolmogorov_smirnov": "ks.nannyml",
    "l_infinity": "l_infinity.nannyml",
}
_CONTINUOUS_ONLY = ("wasserstein", "kolmogorov_smirnov")
_CONSTANT = {"jensen_shannon": 0.1, "hellinger": 0.1, "l_infinity": 0.1}
"""Thresholds that are no matter of the reference, unless others are given."""
_QUALITY = {
    "roc_auc": "roc_auc",
    "average_precision": "pr_auc",
    "f1": "f1",
    "precision": "precision",
    "recall": "recall",
    "accuracy": "accuracy",
    "mae": "mae",
    "mape": "mape",
    "mse": "mse",
    "rmse": "rmse",
}
_ERRORS = ("mae", "mape", "mse", "rmse")
_WINDOWS = {"D": 1, "W": 7, "M": 28}
_ROLES = {
    "timestamp_column_name": "time",
    "y_pred_proba": "score",
    "y_pred": "prediction",
}
_DEVIATIONS = 3.0


def is_one(document: Document) -> bool:
    """Whether a document is such a configuration."""
    return isinstance(document.get("calculators"), list) or {"input", "column_mapping"} <= set(document)


def carried(document: Document) -> Carried:
    """What monitors have of it."""
    found = Carried("NannyML")
    given = document.get("input") or {}
    for role, key in (("reference", "reference_data"), ("logs", "analysis_data"), ("labels", "target_data")):
        setattr(found, role, _path(found, str((given.get(key) or {}).get("path", ""))))
    if join := (given.get("target_data") or {}).get("join_column"):
        found.roles["prediction_id"] = str(join)
    calculators = [each for each in document.get("calculators") or () if each.get("enabled", True)]
    for each in calculators:
        _roles(found, each.get("params") or {})
    for each in calculators:
        params = each.get("params") or {}
        window = _window(found, params)
        reader = _READERS.get(str(each.get("type")))
        if reader is None:
            found.lose(f"the calculator `{each.get('type')}`")
        else:
            reader(found, params, window)
        if each.get("outputs") or each.get("store"):
            found.lose("`outputs` and `store`: results are in the history store and in MLflow")
    if document.get("scheduling"):
        found.lose("`scheduling`: set `schedule`, if nights are not to begin at the default time")
    return found


def _path(found: Carried, path: str) -> str:
    """A path whose templates are those of monitors."""
    for name, form in (("year", "%Y"), ("month", "%m"), ("day", "%d")):
        path = re.sub(r"\{\{\s*" + name + r"\s*\}\}", f"{{day:{form}}}", path)
    if "{{" in path:
        found.lose(f"the templates that are left in `{path}`: days have one of year, month and day")
        path = re.sub(r"\{\{.*?\}\}", "*", path)
    return path


def _roles(found: Carried, params: Document) -> None:
    found.task = found.task or _TASKS.get(str(params.get("problem_type")), "")
    if (truth := params.get("y_true")) and not found.label:
        found.label = str(truth)
    for key, role in _ROLES.items():
        value = params.get(key)
        if isinstance(value, Mapping):
            found.lose(f"`{key}` by class: name the columns under `logs.columns.scores`")
        elif value and found.task == "regression" and key == "y_pred_proba":
            continue
        elif value:
            found.roles.setdefault(role, str(value))


def _window(found: Carried, params: Document) -> int:
    period = str(params.get("chunk_period") or "")
    if period in _WINDOWS:
        window = _WINDOWS[period]
    else:
        window = 1
        chunks = [key for key in ("chunk_period", "chunk_size", "chunk_number") if params.get(key)]
        found.lose(
            f"chunks by `{chunks[0]}`: windows are of days, so its rules have a day"
            if chunks
            else "chunks: none were named, of which NannyML makes ten; its rules have a day"
        )
    if window not in found.windows:
        found.windows.append(window)
    return window


def _thresholds(found: Carried, given: Any, side: str, constant: float | None) -> dict[str, object]:
    """The threshold of one side; the baseline's own spread, where it is so many deviations."""
    given = given or {}
    kind = given.get("type")
    if kind == "constant":
        value = given.get("upper" if side == "above" else "lower")
        return {} if value is None else {side: float(value)}
    if kind not in (None, "standard_deviation"):
        found.lose(f"a threshold of the type `{kind}`")
        return {}
    if kind is None and constant is not None:
        return {side: constant}
    key = "std_upper_multiplier" if side == "above" else "std_lower_multiplier"
    times = given.get(key, _DEVIATIONS)
    if times is None:
        return {}
    sign = "+" if side == "above" else "-"
    found.lose(
        "the reference's chunks as what thresholds of so many deviations follow from: here it is the nights "
        "before (`usual ± n spreads`)"
    )
    return {side: f"usual {sign} {float(times):g} spreads"}


def _univariate(found: Carried, params: Document, window: int) -> None:
    columns = [str(each) for each in params.get("column_names") or ()]
    named = params.get("treat_as_categorical") or ()
    categorical = [each for each in columns if each in named]
    outputs = set(found.roles.values()) | {found.label}
    found.add(categorical, "category")
    found.add((each for each in columns if each not in categorical), "number")
    numeric = [each for each in columns if each not in categorical]
    if columns and not categorical and set(columns) - outputs:
        found.lose("the types of features: all are numbers here, make those of text `category`")
    for kind, of in (("continuous", numeric), ("categorical", categorical)):
        default = ["jensen_shannon"]
        for method in params.get(f"{kind}_methods") or default:
            _method(found, str(method), params, window, [each for each in of if each != found.label])
    if found.label in columns:
        found.lose(f"drift of the label `{found.label}`: watch `positive_share`")


def _method(found: Carried, method: str, params: Document, window: int, columns: list[str]) -> None:
    if not columns:
        return
    if method == "chi2":
        found.watch("chi_square", {"below": 0.05}, window=window, columns=columns)
        found.lose("`chi2.nannyml` as what alarms: NannyML alarms by the p-value, so `chi_square` does here")
        return
    if method not in _DRIFT:
        found.lose(f"the drift method `{method}`")
        return
    given = (params.get("thresholds") or {}).get(method)
    threshold = _thresholds(found, given, "above", _CONSTANT.get(method))
    if threshold:
        found.watch(_DRIFT[method], threshold, window=window, columns=columns)


def _quality(prefix: str, found: Carried, params: Document, window: int) -> None:
    for metric in params.get("metrics") or ():
        name = str(metric)
        if name not in _QUALITY:
            found.lose(f"the metric `{name}`")
            continue
        side = "above" if name in _ERRORS else "below"
        threshold = _thresholds(found, (params.get("thresholds") or {}).get(name), side, None)
        if threshold:
            settled = {"settled": True} if not prefix else {}
            found.watch(f"{prefix}{_QUALITY[name]}", threshold, window=window, **settled)


def _missing(found: Carried, params: Document, window: int) -> None:
    columns = [str(each) for each in params.get("column_names") or ()]
    threshold = _thresholds(found, params.get("threshold"), "above", None)
    if threshold:
        found.watch("missing_share", threshold, window=window, columns=_watched(found, columns))


def _watched(found: Carried, columns: list[str]) -> list[str]:
    return [each for each in columns if each in found.features or each in found.roles.values()]


def _single(metric: str, found: Carried, params: Document, window: int) -> None:
    threshold = _thresholds(found, params.get("threshold"), "above", None)
    if threshold:
        found.watch(metric, threshold, window=window)


def _rows(found: Carried, params: Document, window: int) -> None:
    for side in ("above", "below"):
        threshold = _thresholds(found, params.get("threshold"), side, None)
        if threshold:
            # of days alone
            found.watch("rows_read", threshold, window=1)
    del window


def _unseen(found: Carried, params: Document, window: int) -> None:
    del params, window
    found.lose("shares of unseen values: the default rules `categories_changed` and `moved_beyond_days` tell")


def _estimated(found: Carried, params: Document, window: int) -> None:
    _quality("estimated_", found, params, window)


def _realised(found: Carried, params: Document, window: int) -> None:
    _quality("", found, params, window)


def _reconstruction(found: Carried, params: Document, window: int) -> None:
    _single("reconstruction_error", found, params, window)


def _domain(found: Carried, params: Document, window: int) -> None:
    _single("domain_auc", found, params, window)


_READERS = {
    "univariate_drift": _univariate,
    "performance": _realised,
    "cbpe": _estimated,
    "dle": _estimated,
    "missing_values": _missing,
    "unseen_values": _unseen,
    "summary_stats_row_count": _rows,
    "reconstruction_error": _reconstruction,
    "domain_classifier": _domain,
}

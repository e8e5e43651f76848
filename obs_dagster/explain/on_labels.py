"""What labels say of the features of a version: permutation importance, beside the day's SHAP values."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from obs_dagster.explain.class_explanation import CLASS_COLUMN, names_of
from obs_dagster.explain.explain import inputs_of, require
from obs_dagster.explain.explainable import ClassModel, ExplainableModel, FloatArray, Puts
from obs_dagster.explain.explanation import ROW_COLUMN
from obs_dagster.explain.kept import explanation_files
from obs_dagster.explain.label_loss import loss_growth
from obs_dagster.explain.scoring import score
from obs_dagster.explain.version_explained import VersionExplained
from obs_dagster.lake.columns import LABEL
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.label_importance import LabelImportance
from obs_dagster.metrics.explanation.opinions import LABELLED, Opinions
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output

if TYPE_CHECKING:
    import pandas as pd


def asks_labels(monitor: Monitor) -> bool:
    """Whether a monitor wants to know what labels say of features, and there are labels that can say it."""
    asked = monitor.explanations.second_opinion
    known = monitor.registry is not None and monitor.labels is not None
    return known and asked is not None and asked.repeats > 0 and monitor.task in LABELLED


def opinion_of_labels(
    model: ExplainableModel | ClassModel,
    puts: Puts,
    rows: pd.DataFrame,
    *,
    version: str,
    shap: tuple[FloatArray, tuple[str, ...]] | None,
    monitor: Monitor,
) -> VersionExplained:
    """Permutation importance of each feature, and how far it agrees with SHAP.

    Args:
        model: the version.
        puts: what it puts out.
        rows: labelled rows in the order in which they were drawn.
        version: the version.
        shap: the SHAP values of the same day and their features; None if they are not kept.
        monitor: says how many rows the model may be asked to score.

    Raises:
        ExplanationError: a column that the model reads is not in the rows, or it has other classes.
    """
    asked = monitor.explanations.second_opinion
    if asked is None:
        return VersionExplained(version, wanted=False)
    inputs = inputs_of(model, list(monitor.inputs))
    require(rows, inputs, "labelled rows")
    most = max(1, asked.scored_rows // 2 // (len(inputs) * asked.repeats + 1))
    drawn = rows.iloc[:most]
    scored = score(model, drawn[list(inputs)])
    truth = _truth(model, puts, drawn, scored.scores, monitor)
    usable = scored.accepted & np.isfinite(truth)
    if not usable.any():
        why = f"the registered model refuses them ({scored.why})" if scored.why else "no label is one of its"
        return VersionExplained(version, drawn=len(drawn), reason=f"no labelled row can be judged: {why}")
    growth = loss_growth(model, puts, drawn.loc[usable, list(inputs)], truth[usable], asked.repeats)
    return VersionExplained(
        version,
        rows=int(usable.sum()),
        drawn=len(drawn),
        metrics={
            name: evaluate("explanation", LabelImportance(growth, at)) for at, name in enumerate(inputs)
        },
        opinion=evaluate("explanation", _beside(growth, inputs, shap)),
    )


def _beside(
    growth: FloatArray, inputs: tuple[str, ...], shap: tuple[FloatArray, tuple[str, ...]] | None
) -> Opinions:
    """Both about the features that both know: those of groups of people have no SHAP values by row."""
    if shap is None:
        return Opinions("labels", np.empty((0, 0)), growth, "the SHAP values of the day are not kept")
    values, features = shap
    shared = [name for name in inputs if name in features]
    return Opinions(
        "labels",
        values[:, [features.index(name) for name in shared]],
        growth[:, [inputs.index(name) for name in shared]],
    )


def _truth(
    model: ExplainableModel | ClassModel,
    puts: Puts,
    rows: pd.DataFrame,
    scores: FloatArray,
    monitor: Monitor,
) -> FloatArray:
    """What `loss_growth` takes; NaN where a label is none that the model could have given."""
    if puts != "classes":
        return rows[LABEL].to_numpy(dtype=np.float64, na_value=np.nan)
    outputs = scores.shape[1] if scores.ndim > 1 else 0
    names = names_of(model, leading_output(monitor).allowed, outputs) if outputs else ()  # type: ignore[arg-type]
    places = {name: float(at) for at, name in enumerate(names)}
    return np.array([places.get(str(each), np.nan) for each in rows[LABEL]], dtype=np.float64)


def kept_shap(
    monitor: Monitor, day: dt.date, version: str, lake: Lake
) -> tuple[FloatArray, tuple[str, ...]] | None:
    """The SHAP values of a version's rows of a day, shape (n, features), of several classes the mean size.

    None where the day was not explained, or what it left is gone or damaged.
    """
    path = explanation_files(monitor, day, version, lake).get("shap_values.parquet")
    if path is None or not path.exists():
        return None
    try:
        table = pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowInvalid):
        return None
    features = tuple(name for name in table.column_names if name not in (ROW_COLUMN, CLASS_COLUMN))
    if not features:
        return None
    values = np.column_stack([table[name].to_numpy() for name in features])
    if CLASS_COLUMN in table.column_names:
        classes = len(table[CLASS_COLUMN].unique())
        values = np.abs(values).reshape(-1, classes, len(features)).mean(axis=1)
    return values, features

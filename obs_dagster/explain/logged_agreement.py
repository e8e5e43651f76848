"""Whether a model of several classes says of rows what the log has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from obs_dagster.explain.class_explanation import ClassExplainer
from obs_dagster.explain.explainable import FloatArray
from obs_dagster.explain.scoring import Agreement, compare, compare_classes
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output, outputs

if TYPE_CHECKING:
    import pandas as pd


def logged_agreement(
    monitor: Monitor, explainer: ClassExplainer, scores: FloatArray, rows: pd.DataFrame
) -> Agreement:
    """Whether the model gives the logged scores; without such, whether it predicts the logged classes."""
    logged = {
        name: each.column
        for name, each in zip(
            leading_output(monitor).allowed,
            (each for each in outputs(monitor) if each.kind == "score"),
            strict=False,
        )
    }
    if logged:
        columns = [logged[name] for name in explainer.classes]
        return compare_classes(scores, rows[columns].to_numpy(dtype=np.float64))
    names = np.array(explainer.classes, dtype=object)
    accepted = np.isfinite(scores.sum(axis=1))
    served = rows[leading_output(monitor).column].to_numpy(dtype=object)
    chosen = names[np.where(accepted[:, np.newaxis], scores, 0.0).argmax(axis=1)]
    same = np.where(accepted, (chosen == served).astype(np.float64), np.nan)
    return compare(same, np.ones(len(rows)))

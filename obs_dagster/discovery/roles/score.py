"""The score: what the model puts out as one number."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample


def _fits(column: Column, _: Sample) -> str:
    if not column.numeric or column.distinct <= 2:  # noqa: PLR2004  two values are a decision
        return ""
    if column.probability:
        return "its values are from 0 to 1"
    return f"its values are numbers from {column.low:.4g} to {column.high:.4g}"


ROLE = Role(
    "score",
    "--score",
    "Which column is the score?",
    (
        "(model_|raw_|final_|output_)?score",
        "y_?(score|proba?)|(pred(icted|iction)?_)?(prob(a|ability)?|likelihood|propensity)|p|pd|pctr|pcvr",
        "(p|prob(a|ability)?|score)_?(1|true|yes|pos(itive)?|class_1)",
        "(pred(icted|iction)?_)?(uplift|cate|ite|treatment_effect)(_score)?",
        "confidence|(anomaly|outlier|risk|relevance|fraud|churn|ranking)_?(score|prob(a|ability)?|index)",
        "(.*_)?(score|proba?|probability|propensity|likelihood)(_(pct|percent))?",
        "(p|prob(a|ability)?|score)_.*|log_?odds|logit|margin",
    ),
    _fits,
)

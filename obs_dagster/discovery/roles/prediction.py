"""What the model said: a decision, a class or a number."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample

_MOST_CLASSES = 100


def _fits(column: Column, _: Sample) -> str:
    if not column.present or (column.temporal and not column.numeric):
        return ""
    if column.distinct <= _MOST_CLASSES and not (column.numeric and not column.integral):
        return f"its values are {column.listed()}"
    if column.numeric:
        return f"its values are numbers from {column.low:.4g} to {column.high:.4g}"
    return ""


ROLE = Role(
    "prediction",
    "--prediction",
    "Which column is the prediction?",
    (
        "prediction|predicted(_(value|class|label|category))?|y_?(pred|hat)",
        "pred(_(value|class|label))?|model_output|(output|pred)_(class|label)",
        "decision|forecast(ed)?|estimate(d)?(_value)?|output|response_value",
        "(predicted|pred|forecast(ed)?|estimated|expected)_.*|.*_(prediction|predicted|pred|hat|forecast|estimate|decision)",
    ),
    _fits,
)

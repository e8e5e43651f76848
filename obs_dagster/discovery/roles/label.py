"""What came true."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample

_CAME_TRUE = (
    "fraud(ulent)?|churn(ed)?|default(ed)?|convert(ed)?|conversion|click(ed)?|late|bought|purchased|returned|"
    "paid|repaid|cancell?ed|sold|survived|spam"
)


def _fits(column: Column, _: Sample) -> str:
    if not column.present or (column.temporal and not column.numeric):
        return ""
    return f"its values are {column.listed()}"


ROLE = Role(
    "label",
    "--label",
    "Which column is the true value?",
    (
        "label|y(_?true)?|target|actual|truth|ground_?truth|true_(label|value|class)|gt",
        "(actual|true|real|observed)_.*|.*_(label|actual|actuals|truth|true|target|observed)",
        f"(is_|was_|has_|did_)?({_CAME_TRUE})",
        "outcome|result|relevance|grade|rating|gain|class",
        "(is|was|has|did)_.*",
    ),
    _fits,
    sections=("logs", "labels"),
    # in a log, a rating or what is called `is_…` is likelier to be a feature
    names_in_logs=3,
)

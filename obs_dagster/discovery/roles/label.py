"""What came true."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample

_CAME_TRUE = (
    "fraud(ulent)?|churn(ed)?|default(ed)?|convert(ed)?|conversion|click(ed)?|late|bought|purchased|returned|"
    "paid|repaid|cancell?ed|approved|sold|survived|spam"
)


def _fits(column: Column, _: Sample) -> str:
    if not column.present or (column.temporal and not column.numeric):
        return ""
    shown = ", ".join(value for value, _ in column.top[:3])
    return f"its values are {shown}" + (", …" if column.distinct > 3 else "")  # noqa: PLR2004


ROLE = Role(
    "label",
    "--label",
    "Which column is the true value?",
    (
        "label|y(_?true)?|target|actual|truth|ground_?truth|true_(label|value|class)|gt",
        "(actual|true|real|observed)_.*|.*_(label|actual|actuals|truth|true|target|observed)",
        "outcome|result|relevance|grade|rating|gain|class",
        f"(is_|was_|has_|did_)?({_CAME_TRUE})",
        "(is|was|has|did)_.*",
    ),
    _fits,
    sections=("logs", "labels"),
)

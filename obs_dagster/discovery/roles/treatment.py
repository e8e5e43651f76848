"""The treatment of an uplift model: whether somebody was treated."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample


def _fits(column: Column, _: Sample) -> str:
    if column.distinct != 2 or column.present != column.truths:  # noqa: PLR2004  treated, or not
        return ""
    return f"its values are {column.listed()}"


ROLE = Role(
    "treatment",
    "--treatment",
    "Which column says whether a row was treated?",
    (
        "treatment|treated|is_treated|was_treated",
        "(treatment|treated)_(group|flag|arm)|in_treatment",
        "got_.*|exposed",
    ),
    _fits,
)

"""What metrics of components have in common."""

from __future__ import annotations

from obs_dagster.metrics.definition import Definition

COMPONENT = Definition(
    name="component_volume",
    id="component_volume/1",
    family="components",
    title="Calls of a component",
    meaning="How many spans of the component the requests of the window have.",
    formula="count of spans.",
    reference="`len(spans)`.",
    interval="none: a count",
    unit="spans",
    counts="spans",
    tally=True,
    needs=("components",),
    about="component",
    whole_log=True,
    by_version=True,
    cells="none",
    noun="calls",
    written="count",
    rank=80,
)
"""The definition of their number; others are made of it."""

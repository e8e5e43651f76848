"""The parts of a cell's outcomes, as arrays: of several classes all are in one table."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.tasks.multiclass.table import CELL_GRID, WHOLE_GRID
from obs_dagster.tasks.outcomes import Cell

Columns = dict[str, NDArray[Any]]
"""The columns of `SCHEMA` of some rows."""


def part_of(cell: Cell, name: str) -> Columns:
    """The rows of a part."""
    wanted = cell["part"] == name
    return {key: column[wanted] for key, column in cell.items()}


def of_class(part: Columns, name: str) -> Columns:
    """Those of them that are of a class."""
    wanted = part["class"] == name
    return {key: column[wanted] for key, column in part.items()}


def centres(bins: IntArray, segment: str) -> FloatArray:
    """The middle of the bins of a score, over all rows or in a segment cell."""
    low, high = (WHOLE_GRID if segment == WHOLE else CELL_GRID).edges(bins)
    centre: FloatArray = (low + high) / 2
    return centre

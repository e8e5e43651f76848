"""Where the rows of a batch belong."""

from __future__ import annotations

from dataclasses import dataclass

from obs_dagster.profile.loops.kernels import Codes


@dataclass(frozen=True, slots=True)
class Located:
    """The cells of a batch's rows in one way of cutting them.

    Attributes:
        cells: the cell of each row.
        wholes: the whole that each cell known so far is a part of, shape (cells,).
        whole_count: how many wholes there are.
    """

    cells: Codes
    wholes: Codes
    whole_count: int

    @property
    def cell_count(self) -> int:
        """How many cells are known so far."""
        return len(self.wholes)

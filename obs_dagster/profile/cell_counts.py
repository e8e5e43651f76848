"""The counts of all columns in the cells of one way of cutting rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from obs_dagster.profile.assembly import Assembly
from obs_dagster.profile.batches import Vocabulary
from obs_dagster.profile.cell_index import CellIndex
from obs_dagster.profile.cells import Cut
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grid import NumericGrid
from obs_dagster.profile.moments import Moments
from obs_dagster.profile.tally import Tally, regrouped

#: Kinds of rows without a finite value, in the order of `Numbers.missing`.
MISSING = ("null", "nan", "infinite")


Keyed = Mapping[str, tuple[IntArray | None, IntArray | FloatArray]]
"""What numbers count as: per kind which rows do (None: all), and under which keys, rounded down."""


class CellCounts:
    """Counts per cell, as batches of rows come in.

    Args:
        cells: numbers the cells.
        numeric: the numeric columns and their grids.
        categories: the other columns.
    """

    def __init__(
        self, cells: CellIndex, numeric: Mapping[str, NumericGrid], categories: Sequence[str]
    ) -> None:
        self.cells = cells
        self._grids = numeric
        self._rows: IntArray = np.zeros(0, dtype=np.int64)
        self._moments = {name: Moments.none() for name in numeric}
        self._numbers = {name: {kind: Tally() for kind in (*MISSING, "bin", "value")} for name in numeric}
        self._categories = {name: Tally() for name in categories}

    def add_rows(self, cells: IntArray, n: IntArray) -> None:
        """Add numbers of rows, given the cell that each belongs to."""
        self._rows = np.concatenate([self._rows, np.zeros(len(self.cells) - len(self._rows), dtype=np.int64)])
        np.add.at(self._rows, cells, n)

    def add_categories(self, name: str, cells: IntArray, codes: IntArray, size: int) -> None:
        """Count the texts of a column, given each row's cell (below `size`) and code."""
        self._categories[name].add(cells, codes, size)

    def add_moments(self, name: str, places: IntArray, moments: Moments, size: int) -> None:
        """Add sums over parts of the rows, given the cell (below `size`) that each part belongs to."""
        self._moments[name].add(places, moments, size)

    def add_numbers(self, name: str, cells: IntArray, keyed: Keyed, size: int) -> None:
        """Count the numbers of a column, given the cell of each row (below `size`) and what it counts as."""
        for kind, (rows, keys) in keyed.items():
            self._numbers[name][kind].add(cells if rows is None else cells[rows], keys, size)

    def assemble(
        self, assembly: Assembly, cuts: Sequence[Cut], vocabularies: Mapping[str, Vocabulary]
    ) -> None:
        """Hand the counts of declared cuts on, each with the cells that have one name in it added up.

        Args:
            assembly: takes them.
            cuts: the cuts that are asked for.
            vocabularies: the texts of all codes.
        """
        for cut in cuts:
            self._hand_on(assembly, assembly.place(self.cells.named(cut, vocabularies)), vocabularies)

    def _hand_on(self, assembly: Assembly, places: IntArray, vocabularies: Mapping[str, Vocabulary]) -> None:
        rows = np.zeros(len(assembly.cells), dtype=np.int64)
        np.add.at(rows, places, self._rows)
        cells = np.flatnonzero(rows)
        assembly.add("", "rows", cells, rows[cells])
        for name, tallies in self._numbers.items():
            exact = np.array(self._grids[name].exact or [0.0])
            for kind, tally in tallies.items():
                cells, keys, n = regrouped(tally.entries(), places)
                if kind in MISSING:
                    assembly.add(name, kind, cells, n)
                else:
                    found = keys.astype(np.float64) if kind == "bin" else exact[keys]
                    assembly.add(name, kind, cells, n, keys=found)
            assembly.add_moments(name, self._moments[name].regrouped(places, len(assembly.cells)))
        for name, tally in self._categories.items():
            cells, codes, n = regrouped(tally.entries(), places)
            assembly.add_categories(name, cells, codes, n, vocabularies[name].values)

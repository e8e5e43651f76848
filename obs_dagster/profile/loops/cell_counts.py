"""The counts of all columns in the cells of one way of cutting rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from obs_dagster.profile.cells import Cut
from obs_dagster.profile.distribution import IntArray
from obs_dagster.profile.grids.grid import NumericGrid
from obs_dagster.profile.loops.assembly import Assembly
from obs_dagster.profile.loops.cell_index import CellIndex
from obs_dagster.profile.loops.kernels import Codes
from obs_dagster.profile.loops.located import Located
from obs_dagster.profile.loops.number_counts import NumberCounts
from obs_dagster.profile.loops.number_keys import Keyed
from obs_dagster.profile.loops.tally import Tally
from obs_dagster.profile.loops.texts import Vocabulary


class CellCounts:
    """Counts per cell, as batches of rows come in.

    Args:
        apart: the columns that are kept apart whatever the cut.
        cut: the segment columns of the cells.
        cuts: the cuts that follow from these cells and are asked for.
        numeric: the numeric columns and their grids.
        categories: the other columns.
    """

    def __init__(
        self,
        apart: Sequence[str],
        cut: Cut,
        cuts: Sequence[Cut],
        numeric: Mapping[str, NumericGrid],
        categories: Sequence[str],
    ) -> None:
        self._cells = CellIndex(apart, cut)
        self._cuts = list(cuts)
        self._rows: IntArray = np.zeros(0, dtype=np.int64)
        whole, parts = () in self._cuts, any(self._cuts)
        self._numbers = {name: NumberCounts(grid, whole=whole, parts=parts) for name, grid in numeric.items()}
        self._categories = {name: Tally() for name in categories}

    def locate(
        self, joint: Codes, combinations: IntArray, columns: Sequence[str], lengths: IntArray
    ) -> Located:
        """Find the cells of a batch's rows, and count the rows.

        Args:
            joint: the combination of codes that each row has.
            combinations: the codes, shape (combinations, columns).
            columns: the column that each of them is about.
            lengths: how many rows have each combination.
        """
        places = self._cells.number(combinations, columns)
        self._rows = np.pad(self._rows, (0, len(self._cells) - len(self._rows)))
        np.add.at(self._rows, places, lengths)
        return Located(places[joint], self._cells.wholes(), self._cells.whole_count)

    def add_categories(self, name: str, codes: Codes, size: int, located: Located) -> None:
        """Count the texts of a column, given each row's code (below `size`) and where it belongs."""
        tally = self._categories[name]
        tally.count(located.cells, codes, located.cell_count, size)

    def add_numbers(self, name: str, keyed: Keyed, located: Located) -> None:
        """Count the numbers of a column, given what they count as and where they belong."""
        self._numbers[name].add(keyed, located)

    def has(self, name: str, code: int) -> bool:
        """Whether a row has the text of this code in a column."""
        return bool((self._categories[name].entries()[1] == code).any())

    def assemble(
        self,
        assembly: Assembly,
        vocabularies: Mapping[str, Vocabulary],
        *,
        rows: bool,
        apart: Mapping[str, int],
    ) -> None:
        """Hand on the counts of the cuts that are asked for, cells that have one name in them added up.

        Args:
            assembly: takes them.
            vocabularies: the texts of all codes.
            rows: whether the numbers of rows are wanted, beside those of the columns.
            apart: codes of columns whose rows are counted elsewhere.
        """
        for cut in self._cuts:
            places = assembly.place(self._cells.named(cut, vocabularies))
            wholes = None if cut else assembly.place(self._cells.named_wholes(vocabularies))
            if rows:
                total = np.zeros(len(assembly.cells), dtype=np.int64)
                np.add.at(total, places, self._rows)
                cells = np.flatnonzero(total)
                assembly.add("", "rows", cells, total[cells])
            for name, numbers in self._numbers.items():
                numbers.hand_on(assembly, name, places, wholes)
            for name, tally in self._categories.items():
                cells, codes, n = tally.regrouped(places)
                here = codes != apart.get(name, -1)
                assembly.add_categories(name, cells[here], codes[here], n[here], vocabularies[name].values)

"""The cells of one way of cutting rows, numbered as batches of rows come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import Cut, cell_name
from obs_dagster.profile.distribution import IntArray
from obs_dagster.profile.loops.kernels import Codes
from obs_dagster.profile.loops.texts import Vocabulary


class CellIndex:
    """Numbers cells, and the wholes that they are parts of, in the order in which they are first seen.

    Args:
        apart: the columns that are kept apart whatever the cut: the version, and perhaps the day before it.
        cut: the segment columns.
    """

    def __init__(self, apart: Sequence[str], cut: Cut) -> None:
        self._apart, self._cut = list(apart), cut
        self._cells: dict[tuple[int, ...], int] = {}
        self._wholes: dict[tuple[int, ...], int] = {}
        self._whole_of: list[int] = []

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def whole_count(self) -> int:
        """How many wholes there are."""
        return len(self._wholes)

    def number(self, combinations: IntArray, columns: Sequence[str]) -> Codes:
        """The cell of each combination of codes, shape (combinations,).

        Args:
            combinations: shape (combinations, columns).
            columns: the column that each of them is about, these cells' among them.
        """
        own = combinations[:, [columns.index(name) for name in (*self._apart, *self._cut)]]
        return np.array([self._number(tuple(codes)) for codes in own.tolist()], dtype=np.int32)

    def _number(self, codes: tuple[int, ...]) -> int:
        if codes not in self._cells:
            self._cells[codes] = len(self._cells)
            whole = codes[: len(self._apart)]
            self._whole_of.append(self._wholes.setdefault(whole, len(self._wholes)))
        return self._cells[codes]

    def wholes(self) -> Codes:
        """The whole that each cell is a part of, shape (cells,)."""
        return np.array(self._whole_of, dtype=np.int32)

    def named_wholes(self, vocabularies: Mapping[str, Vocabulary]) -> list[tuple[str | None, ...]]:
        """Each whole's name: what is kept apart, and that nothing is cut."""
        texts = [vocabularies[name].values for name in self._apart]
        return [
            (*(values[code] for values, code in zip(texts, whole, strict=True)), WHOLE)
            for whole in self._wholes
        ]

    def named(self, cut: Cut, vocabularies: Mapping[str, Vocabulary]) -> list[tuple[str | None, ...]]:
        """Each cell's name in a cut of some of the columns: what is kept apart, then the segment cell.

        Several cells have one name where the cut is coarser than these cells.
        """
        values = [vocabularies[name].values for name in (*self._apart, *self._cut)]
        texts = [[texts[code] for texts, code in zip(values, cell, strict=True)] for cell in self._cells]
        apart = len(self._apart)
        chosen = [apart + self._cut.index(column) for column in cut]
        return [(*cell[:apart], cell_name(cut, [cell[place] for place in chosen])) for cell in texts]

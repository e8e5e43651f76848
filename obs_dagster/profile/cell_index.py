"""The cells of one way of cutting rows, numbered as batches of rows come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from obs_dagster.profile.batches import Vocabulary
from obs_dagster.profile.cells import Cut, cell_name
from obs_dagster.profile.distribution import IntArray


class CellIndex:
    """Numbers cells in the order in which they are first seen.

    Args:
        apart: the columns that are kept apart whatever the cut: the version, and perhaps the day before it.
        cut: the segment columns.
    """

    def __init__(self, apart: Sequence[str], cut: Cut) -> None:
        self._apart, self._cut = list(apart), cut
        self._cells: dict[tuple[int, ...], int] = {}

    def __len__(self) -> int:
        return len(self._cells)

    def number(self, combinations: IntArray, columns: Sequence[str]) -> IntArray:
        """The cell of each combination of codes, shape (combinations,).

        Args:
            combinations: shape (combinations, columns).
            columns: the column that each of them is about, these cells' among them.
        """
        own = combinations[:, [columns.index(name) for name in (*self._apart, *self._cut)]]
        return np.array(
            [self._cells.setdefault(tuple(codes), len(self._cells)) for codes in own.tolist()], dtype=np.int64
        )

    def named(self, cut: Cut, vocabularies: Mapping[str, Vocabulary]) -> list[tuple[str | None, ...]]:
        """Each cell's name in a cut of some of the columns: what is kept apart, then the segment cell.

        Several cells have one name where the cut is coarser than these cells.
        """
        texts = [
            [
                vocabularies[name].values[code]
                for name, code in zip((*self._apart, *self._cut), cell, strict=True)
            ]
            for cell in self._cells
        ]
        apart = len(self._apart)
        chosen = [apart + self._cut.index(column) for column in cut]
        return [(*cell[:apart], cell_name(cut, [cell[place] for place in chosen])) for cell in texts]

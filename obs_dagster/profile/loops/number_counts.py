"""The counts of a numeric column in the cells of one way of cutting rows."""

from __future__ import annotations

import numpy as np

from obs_dagster.profile.distribution import IntArray
from obs_dagster.profile.grids.grid import NumericGrid
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.loops.assembly import Assembly
from obs_dagster.profile.loops.extremes import Extremes
from obs_dagster.profile.loops.kernels import (
    INFINITE,
    MISSING,
    NAN,
    NULL,
    SPECIAL,
    Counters,
    add_moments,
    count_bins,
)
from obs_dagster.profile.loops.located import Located
from obs_dagster.profile.loops.moments import Moments
from obs_dagster.profile.loops.number_keys import Keyed
from obs_dagster.profile.loops.tally import Tally

_KINDS = {"null": NULL, "nan": NAN, "infinite": INFINITE}
_NOWHERE = Counters(np.zeros((0, 0), dtype=np.int64), 0)


class NumberCounts:
    """Counts of one column per cell, as batches of rows come in.

    Args:
        grid: the column's bins.
        whole: whether rows are counted on the grid's own bins, in the wholes that the cells are parts of.
        parts: whether they are counted on the joined bins, in the cells.
    """

    def __init__(self, grid: NumericGrid, *, whole: bool, parts: bool) -> None:
        self._exact = np.array(grid.exact)
        self._fine = Tally() if whole else None
        self._joined = Tally() if parts else None
        self._special: IntArray = np.zeros((0, MISSING + 2 * len(grid.exact)), dtype=np.int64)
        # many models have few scores, whatever those of the baseline were
        scores = grid if isinstance(grid, ScoreGrid) else None
        self._fine_ends = Extremes(scores.bins) if scores and whole else None
        self._joined_ends = Extremes(scores.joined.bins) if scores and parts else None
        self._moments = Moments.none()

    def add(self, keyed: Keyed, located: Located) -> None:
        """Count the rows of a batch, given what they count as and where they belong."""
        self._moments = self._moments.grown(located.cell_count)
        if located.cell_count > len(self._special):
            more = located.cell_count - len(self._special)
            self._special = np.pad(self._special, ((0, more), (0, 0)))
        add_moments(keyed.keys, keyed.values, located.cells, self._special, self._moments.sums.reshape(-1))
        if keyed.low > keyed.high:
            return
        fine = _counters(self._fine, located.whole_count, keyed, 0)
        joined = _counters(self._joined, located.cell_count, keyed, JOINED_BITS)
        count_bins(keyed.keys, located.cells, located.wholes, fine, joined)
        alone = self._fine is not None and not fine.counts.size
        joined_alone = self._joined is not None and not joined.counts.size
        if alone or joined_alone:
            self._add_alone(keyed, located, fine=alone, joined=joined_alone)
        rows = keyed.keys, located.cells, keyed.values
        if self._fine_ends is not None:
            self._fine_ends.add_keyed(*rows, located.wholes, bits=0)
        if self._joined_ends is not None:
            every = np.arange(located.cell_count, dtype=np.int32)
            self._joined_ends.add_keyed(*rows, every, bits=JOINED_BITS)

    def _add_alone(self, keyed: Keyed, located: Located, *, fine: bool, joined: bool) -> None:
        """Count bins that lie so far apart that the compiled loops have no place for them."""
        binned = keyed.keys > SPECIAL
        cells, keys = located.cells[binned], keyed.keys[binned]
        if fine and self._fine is not None:
            self._fine.add(located.wholes[cells], keys)
        if joined and self._joined is not None:
            self._joined.add(cells, keys >> JOINED_BITS)

    def hand_on(self, assembly: Assembly, name: str, places: IntArray, wholes: IntArray | None) -> None:
        """Hand the counts on, with the cells that have one place added up.

        Args:
            assembly: takes them.
            name: the column's.
            places: the place of each cell.
            wholes: the place of each whole, if it is they that are asked for.
        """
        special = np.zeros((len(assembly.cells), self._special.shape[1]), dtype=np.int64)
        np.add.at(special, places[: len(self._special)], self._special)
        for kind, column in _KINDS.items():
            cells = np.flatnonzero(special[:, column])
            assembly.add(name, kind, cells, special[cells, column])
        for kind, by_value in zip(("value", "near"), np.hsplit(special[:, MISSING:], 2), strict=True):
            cells, values = np.nonzero(by_value)
            assembly.add(name, kind, cells, by_value[cells, values], key=self._exact[values])
        assembly.add_moments(name, self._moments.regrouped(places, len(assembly.cells)))
        tally, ends, groups = (
            (self._joined, self._joined_ends, places)
            if wholes is None
            else (self._fine, self._fine_ends, wholes)
        )
        if tally is None:
            raise ValueError("these bins were not counted")
        cells, keys, n = tally.regrouped(groups)
        extremes = (
            {}
            if ends is None
            else dict(zip(("minimum", "maximum"), ends.of(cells, keys, groups), strict=True))
        )
        assembly.add(name, "bin", cells, n, key=keys.astype(np.float64), **extremes)


def _counters(tally: Tally | None, cells: int, keyed: Keyed, bits: int) -> Counters:
    """Where the rows are counted; without a place if they are not, or have to be added one by one."""
    found = None if tally is None else tally.counters(cells, keyed.low >> bits, keyed.high >> bits)
    return _NOWHERE if found is None else found._replace(bits=bits)

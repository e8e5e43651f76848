"""Profiles as they are stored, or parts of them: read once for all who ask, while the file is the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from obs_dagster.lake.lake import manifest_in
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile import arrays
from obs_dagster.profile.coding import one_coding, whole
from obs_dagster.profile.distribution import Counts
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import TEXTS, Profile


@dataclass(frozen=True, slots=True)
class Part:
    """A part of profiles: the less is read, the sooner it is merged. How many rows there are is always in it.

    Attributes:
        whole: columns that are needed over all rows of a version.
        cells: columns that are needed in segment cells too.
    """

    whole: frozenset[str]
    cells: frozenset[str]

    def rows(self, counts: pa.Table) -> NDArray[np.bool_]:
        """Which rows of a profile belong to it, its texts as codes."""
        columns, segments = whole(counts["column"]), whole(counts["segment"])
        names = columns.dictionary.to_pylist()
        everywhere, over_all = (
            np.array([name in wanted for name in names], dtype=np.bool_)
            for wanted in ({"", *self.cells}, self.whole)
        )
        uncut = np.array([name == WHOLE for name in segments.dictionary.to_pylist()], dtype=np.bool_)
        codes = arrays.values(columns.indices)
        found: NDArray[np.bool_] = everywhere[codes] | (
            over_all[codes] & uncut[arrays.values(segments.indices)]
        )
        return found


@dataclass(frozen=True)
class StoredProfile(Profile):
    """A profile that remembers what was asked of it.

    Attributes:
        on_other_grids: the columns that it counts on other grids than those it is read on.
    """

    on_other_grids: tuple[str, ...] = ()

    @cached_property
    def _asked(self) -> dict[tuple[str, str, str], Counts | None]:
        return {}

    def counts(self, version: str, segment: str, column: str) -> Counts | None:
        """The counts of one column in one cell; None if the cell has no rows or the column was absent."""
        asked = version, segment, column
        if asked not in self._asked:
            self._asked[asked] = super().counts(*asked)
        return self._asked[asked]


def stored_profile(path: Path, grids: Grids, part: Part | None = None) -> StoredProfile:
    """The profile in a file, or a part of it; night after night, and window after window, share it.

    Raises:
        ArrowException: the file is damaged.
        OSError: it cannot be read.
    """
    status = path.stat()
    return _read(_File(path, (status.st_mtime_ns, status.st_size), part, grids.id, grids))


@dataclass(frozen=True, slots=True)
class _File:
    """What is read, by all that makes it another."""

    path: Path
    stamp: tuple[int, int]
    part: Part | None
    grids_id: str
    grids: Grids = field(compare=False)


@lru_cache(maxsize=128)
def _read(file: _File) -> StoredProfile:
    with pq.ParquetFile(file.path, read_dictionary=list(TEXTS)) as opened:
        rows = opened.read() if file.part is None else _of_part(opened, file.part)
        manifest = manifest_in(opened.schema_arrow)
    return StoredProfile(rows, file.grids, tuple(_others(manifest, file.grids)))


def _of_part(file: pq.ParquetFile, part: Part) -> pa.Table:
    """The rows of a part: of one group of rows after the other, or all of them would be in memory."""
    place, found = file.schema_arrow.get_field_index("column"), []
    for number in range(file.num_row_groups):
        ends = file.metadata.row_group(number).column(place).statistics
        if ends is None or not ends.has_min_max or _within(part, ends.min, ends.max):
            rows = file.read_row_group(number)
            found.append(rows.filter(pa.array(part.rows(rows))))
    return one_coding(pa.concat_tables(found)) if found else file.schema_arrow.empty_table()


def _within(part: Part, first: str, last: str) -> bool:
    """Whether a part has a column between two, in their order."""
    return any(first <= name <= last for name in ("", *part.whole, *part.cells))


def _others(manifest: dict[str, Any], grids: Grids) -> list[str]:
    """The columns that a profile counts on other grids, as far as its manifest says it of columns."""
    if manifest.get("grids") == grids.id:
        return []
    counted = manifest.get("columns", dict.fromkeys(grids.ids, ""))
    return sorted(name for name, grid in grids.ids.items() if counted.get(name, grid) != grid)

"""Profiles as they are stored, or parts of them: read once for all who ask, while the file is the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obs_dagster.lake.lake import manifest_in
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.distribution import Counts
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import TEXTS, Profile

#: The texts that are read as codes. Not the names of columns: by these groups of rows are passed over, which
#: Arrow does by texts alone.
_CODES = [name for name in TEXTS if name != "column"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of profiles: the less is read, the sooner it is merged. How many rows there are is always in it.

    Attributes:
        whole: columns that are needed over all rows of a version.
        cells: columns that are needed in segment cells too.
    """

    whole: frozenset[str]
    cells: frozenset[str]

    def rows(self) -> pc.Expression:
        """The rows of a profile that belong to it."""
        column, segment = pc.field("column"), pc.field("segment")
        everywhere, whole = (
            pa.array(sorted(names), pa.string()) for names in ({"", *self.cells}, self.whole)
        )
        return column.isin(everywhere) | (column.isin(whole) & (segment == WHOLE))


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
    wanted = file.part.rows() if file.part else None
    rows = pq.read_table(file.path, partitioning=None, filters=wanted, read_dictionary=_CODES)
    manifest = manifest_in(rows.schema)
    return StoredProfile(rows, file.grids, tuple(_others(manifest, file.grids)))


def _others(manifest: dict[str, Any], grids: Grids) -> list[str]:
    """The columns that a profile counts on other grids, as far as its manifest says it of columns."""
    if manifest.get("grids") == grids.id:
        return []
    counted = manifest.get("columns", dict.fromkeys(grids.ids, ""))
    return sorted(name for name, grid in grids.ids.items() if counted.get(name, grid) != grid)

"""Grids: how a column's values become bins, the same way on every day and every engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from obs_dagster.errors import LakeError
from obs_dagster.lake.columns import RESERVED
from obs_dagster.profile.grids.asinh_grid import AsinhGrid, Zone
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.profile.grids.score_grid import ScoreGrid


@dataclass(frozen=True, slots=True)
class CategoryGrid:
    """Counts by value, whatever values come; so profiles merge whatever values are listed here.

    Attributes:
        top: in segments, the values that have a cell of their own: frequent ones of the first baseline, then
            those that came since. Others share one cell. None: every value has a cell. The listed values are
            also the ones that are quickest to count.
    """

    top: tuple[str, ...] | None = None


NumericGrid = AsinhGrid | ScoreGrid
Grid = NumericGrid | CategoryGrid

#: What counts mean beside their bins; a number that changes with it: 2 has categories by value, and numbers
#: near one that is counted by value.
_COUNTING = 2
#: Where a document has what was learned beside grids; no column is called so.
_LEARNED = f"{RESERVED}learned"
#: Milliseconds: bins half a percent wide from about a millisecond up.
LATENCY_GRID = AsinhGrid(centre=0.0, scale=1.0)


@dataclass(frozen=True)
class Grids:
    """The grids of all columns of a monitor, fixed at its first baseline so that all profiles merge."""

    columns: dict[str, Grid]
    #: What content columns of that baseline taught, as plain data; it never changes either.
    learned: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """Changes with any grid, and with the columns that there are."""
        taught = {_LEARNED: self.learned} if self.learned else {}
        return _digest(self._counting() | taught)

    @cached_property
    def ids(self) -> dict[str, str]:
        """By column, what changes with its grid; counts on grids with different ids do not merge."""
        return {name: _digest(grid) for name, grid in self._counting().items()}

    def _counting(self) -> dict[str, Any]:
        """What the meaning of counts depends on: not which categories are known so far."""
        return {
            name: "by value" if isinstance(self.columns[name], CategoryGrid) else grid
            for name, grid in self._columns().items()
        }

    def to_json(self) -> dict[str, Any]:
        """The grids as a JSON document."""
        return self._columns() | ({_LEARNED: dict(self.learned)} if self.learned else {})

    def _columns(self) -> dict[str, Any]:
        return {name: {"kind": type(grid).__name__, **asdict(grid)} for name, grid in self.columns.items()}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Grids:
        """The grids that `to_json` wrote.

        Raises:
            LakeError: a grid is of a kind that this version does not have.
        """
        kinds: dict[str, Callable[..., Grid]] = {
            kind.__name__: kind for kind in (AsinhGrid, ScoreGrid, CategoryGrid)
        }
        columns: dict[str, Grid] = {}
        learned = document.get(_LEARNED, {})
        for name, parts in document.items():
            if name == _LEARNED:
                continue
            if parts["kind"] not in kinds:
                raise LakeError(
                    f"{name} was counted on a {parts['kind']}, which this version does not have.",
                    remedy="Remove the model's folders baseline, profile and outcomes from the lake, and run "
                    "its days again.",
                )
            values = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in parts.items()
                if key != "kind"
            }
            if "zones" in values:
                values["zones"] = tuple(Zone(**zone) for zone in values["zones"])
            columns[name] = kinds[parts["kind"]](**values)
        return cls(columns, learned)


def _digest(grids: Any) -> str:
    document = {"columns": grids, "joined": JOINED_BITS, "counting": _COUNTING}
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]

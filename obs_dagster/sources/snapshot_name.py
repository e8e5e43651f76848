"""Which state of a table was read, so that it can be read again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SnapshotName:
    """Which state of a table was read.

    Attributes:
        table: the table.
        id: the version of a Delta table, the id of an Iceberg snapshot.
        at: when it was made (UTC); None if that is not known.
    """

    table: str
    id: str
    at: dt.datetime | None = None

    def __str__(self) -> str:
        made = f" of {self.at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC" if self.at else ""
        return f"{self.id}{made}"

    def to_json(self) -> dict[str, Any]:
        """As plain data, for a manifest."""
        return {"table": self.table, "id": self.id, "at": self.at.isoformat() if self.at else None}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> SnapshotName:
        """From what `to_json` returned."""
        at = document.get("at")
        return cls(document["table"], document["id"], dt.datetime.fromisoformat(at) if at else None)

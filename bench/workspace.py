"""Where generated data is, and what generates it when it is first asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measurement import prepare
from bench.prepare.monitor import write_monitor

#: The day whose rows are a baseline's: before all others, and without drift.
BASELINE_DAY = "2023-12-01"
DAY = "2024-01-01"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder for generated data."""

    folder: Path

    def rows(self, rows: int, day: str = DAY, **arguments: Any) -> Path:
        """A day's generated log (see `bench.prepare.rows`), drifted on all days but the baseline's."""
        asked = {"rows": rows, "day": day, "drift": 0.0 if day == BASELINE_DAY else 1.0, **arguments}
        name = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]
        path = self.folder / "rows" / f"{rows}-{name}.parquet"
        if not path.exists():
            say(f"Writing {rows:,} rows")
            aside = path.with_suffix(".part")
            prepare("rows", {"path": str(aside), **asked})
            aside.replace(path)
        return path

    def baseline(self, rows: int, **arguments: Any) -> Path:
        """The generated rows that a log is compared with."""
        return self.rows(rows, BASELINE_DAY, **arguments)

    def monitor(self, name: str, document: Mapping[str, Any]) -> Path:
        """A monitor's file, in a folder of that name."""
        return write_monitor(self.folder / name, document)


def say(text: str) -> None:
    """Tell what is being done."""
    print(text, flush=True)

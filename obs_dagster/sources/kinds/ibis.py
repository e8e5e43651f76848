"""`source: ibis`: tables of a warehouse, read through Ibis."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from obs_dagster.monitor.data import Labels, Logs
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.label_table import fetched_parts, parts_of
from obs_dagster.sources.log_table import fetched_days
from obs_dagster.sources.warehouse_counts import WarehouseCounts, stamp_of_day


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Tables of a warehouse (see `Source` for what each method is for)."""

    name: str = "ibis"
    of_files: bool = False
    reads_table: bool = True
    asset: Literal["table"] = "table"
    label_unit: str = "parts of the table"
    counts: WarehouseCounts = field(default_factory=WarehouseCounts)

    def place(self, section: Logs | Labels) -> str:
        """The table; the URL has its variables, not their values."""
        return f"{section.table} of {section.path}"

    def day(self, monitor: Monitor, day: dt.date, folder: Path) -> AbstractContextManager[SourceFiles]:
        """The rows of the day, fetched into a file below the folder."""
        return fetched_days(monitor, day, day, folder)

    def stamp(self, monitor: Monitor, day: dt.date) -> str:
        """Changes with the number and the last time of each version's rows."""
        return stamp_of_day(monitor, day)

    def days(self, monitor: Monitor) -> None:
        """Nobody knows without a scan of the table."""
        del monitor

    def label_stamps(self, monitor: Monitor, labels: Labels) -> dict[str, str]:
        """The parts of the table, with a stamp of each."""
        del monitor
        return {f"{self._part(labels)}{part}": stamped for part, stamped in parts_of(labels).items()}

    @contextmanager
    def labels(
        self, monitor: Monitor, labels: Labels, names: Sequence[str], folder: Path
    ) -> Iterator[Sequence[SourceFiles]]:
        """The parts together, fetched into a file below the folder."""
        del monitor
        if not names:
            yield []
            return
        parts = [name.removeprefix(self._part(labels)) for name in names]
        with fetched_parts(labels, parts, folder) as source:
            yield [source]

    def _part(self, labels: Labels) -> str:
        """Begins the names of the parts of a table."""
        return f"{self.place(labels)}, "


SOURCE = Warehouse()

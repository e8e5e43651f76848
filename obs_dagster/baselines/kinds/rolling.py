"""`kind: rolling`: the version's own preceding days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from obs_dagster.baselines.log_days import LogDays
from obs_dagster.baselines.prepared import PreparedBaseline, fitted_grids
from obs_dagster.baselines.protocol import Baseline, Remark
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor

if TYPE_CHECKING:
    import duckdb


class RollingBaseline(Baseline):
    """Compare each night with the version's own preceding days."""

    kind: Literal["rolling"] = "rolling"
    days: int = Field(default=28, ge=1, le=366, description="Length of the window.")
    gap_days: int = Field(
        default=1, ge=1, le=366, description="Days between the end of the window and the night."
    )

    def prepare(
        self, monitor: Monitor, lake: Lake, connection: duckdb.DuckDBPyConnection, stack: ExitStack
    ) -> PreparedBaseline:
        """Fit the grids to the first days of the log; the rest is merged from profiles, each night anew."""
        first = [monitor.start + dt.timedelta(days=offset) for offset in range(self.days)]
        log = LogDays(monitor, first, lake, stack)
        return PreparedBaseline(fitted_grids(monitor, lake, lambda: log.all_rows(connection)), ())

    def nights(self, day: dt.date) -> Sequence[dt.date]:
        """The days of the window that ends before a night, ascending."""
        end = self._end(day)
        return [end - dt.timedelta(days=back) for back in reversed(range(self.days))]

    def why_none(self, version: str, day: dt.date) -> str:
        """On which days the version has no rows."""
        return f"version {version} has no rows on the {self.days} days to {self._end(day)}"

    def owed(self, first: dt.date, day: dt.date) -> str:
        """How many days the window still needs before it has any."""
        needed = self.gap_days - (day - first).days
        if needed <= 0:
            return ""
        days = f"{needed} more day{'s' * (needed > 1)}"
        return f"its rolling baseline has none of its {self.days} days yet and needs {days}"

    def look(self, monitor: Monitor, versions: Sequence[str]) -> Iterator[Remark]:
        """Which days it has, relative to each night."""
        del monitor, versions
        yield Remark("ok", f"rolling, {self.days} days ending {self.gap_days} days before each night")

    def _end(self, day: dt.date) -> dt.date:
        return day - dt.timedelta(days=self.gap_days)


BASELINE = RollingBaseline

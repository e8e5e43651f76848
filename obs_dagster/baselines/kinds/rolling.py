"""`kind: rolling`: the version's own preceding days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar, Literal

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

    moves_along: ClassVar[bool] = True

    kind: Literal["rolling"] = "rolling"
    days: int = Field(default=28, ge=1, le=366, description="Length of the window.")
    gap_days: int = Field(
        default=1, ge=1, le=366, description="Days between the end of the window and the night."
    )

    min_days: int = Field(
        default=7,
        ge=1,
        le=366,
        description="Days of the window that must have rows of a version for it to be compared with them; "
        "all of a shorter window. A week, because its days differ.",
    )

    in_breach: Literal["leave_out", "keep"] = Field(
        default="keep",
        description="Days on which a column, or a version's quality, was in breach of a rule: `keep` "
        "compares with them as with all others, so that what lasts is news for as long as the window. "
        "`leave_out` takes earlier days in their place, from up to twice as many before, so that a fault "
        "that lasts is not what later days are compared with; a change that is meant then stays in breach "
        "until there are too few days left, and nights are evaluated one after the other. Verdicts say how "
        "many there are.",
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

    def nights_without(self, day: dt.date, breached: Collection[dt.date]) -> Sequence[dt.date]:
        """The window with earlier days in the place of those that are left out."""
        if not (self.leaves_out and breached):
            return self.nights(day)
        end = self._end(day)
        sound = [
            each for back in range(2 * self.days) if (each := end - dt.timedelta(days=back)) not in breached
        ]
        return sound[: self.days][::-1]

    @property
    def leaves_out(self) -> bool:
        """As `in_breach` says."""
        return self.in_breach == "leave_out"

    def why_none(self, version: str, day: dt.date) -> str:
        """On how few days the version has rows, or has rows and was not in breach."""
        few = f"rows on fewer than {self.least_days} of" if self.least_days > 1 else "no rows on"
        told = f"version {version} has {few} the {self.days} days to {self._end(day)}"
        return f"{told}, or was in breach on them" if self.leaves_out else told

    @property
    def least_days(self) -> int:
        """As many as `min_days` says, or all."""
        return min(self.min_days, self.days)

    def owed(
        self, monitor: Monitor, seen: Collection[dt.date], evaluated: Collection[dt.date], day: dt.date
    ) -> str:
        """How many days the window still needs, and the command that evaluates those before the night."""
        window = self.nights(day)
        has = len({*window}.intersection(seen))
        if has >= self.least_days:
            return ""
        told = (
            f"its rolling baseline has rows on {has or 'none'} of its {self.days} days, and needs "
            f"{self.least_days}"
        )
        before = [each for each in window if each >= monitor.start and each not in evaluated]
        if not before:
            return told
        command = f"obs backfill {monitor.model} --from {before[0]} --to {day}"
        return f"{told}: if the log has days before, `{command}` evaluates them"

    def look(self, monitor: Monitor, versions: Sequence[str]) -> Iterator[Remark]:
        """Which days it has, relative to each night."""
        del monitor, versions
        ends = f"{self.gap_days} day{'s' * (self.gap_days > 1)} before each night"
        yield Remark("ok", f"rolling, {self.days} day{'s' * (self.days > 1)} ending {ends}")

    def _end(self, day: dt.date) -> dt.date:
        return day - dt.timedelta(days=self.gap_days)


BASELINE = RollingBaseline

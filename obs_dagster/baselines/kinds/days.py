"""`kind: days`: a named range of days of the log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from obs_dagster.baselines.days import BaselineDays
from obs_dagster.baselines.log_days import LogDays
from obs_dagster.baselines.prepared import (
    BaselineVersion,
    PreparedBaseline,
    fitted_grids,
    held_version,
    keep_version,
)
from obs_dagster.baselines.protocol import Baseline, Remark
from obs_dagster.errors import ObsError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.checks.calendar import out_of_order
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Problem
from obs_dagster.sources.protocol import source_of

if TYPE_CHECKING:
    import duckdb


class DaysBaseline(Baseline):
    """Compare each version with what it saw in a named range of days of the log."""

    kind: Literal["days"] = "days"
    first: dt.date = Field(description="First day of the range.")
    last: dt.date = Field(description="Last day of the range, included.")

    @classmethod
    def problems(cls, document: Document) -> Iterator[Problem]:
        """The baseline's `last` is not before its `first`."""
        yield from out_of_order(document, ("baseline", "first"), ("baseline", "last"))

    def prepare(
        self, monitor: Monitor, lake: Lake, connection: duckdb.DuckDBPyConnection, stack: ExitStack
    ) -> PreparedBaseline:
        """Add up the days' stored profiles.

        Rows are read to fit grids, of days that have no such profile, and for samples: from the lake, or else
        from the log by the rules of a night.
        """
        log = LogDays(monitor, list(self.evaluated(self.last)), lake, stack)
        grids = fitted_grids(monitor, lake, lambda: log.all_rows(connection))
        days = BaselineDays(monitor, lake, grids, log)
        found = days.prepare()
        versions = []
        for version in sorted({version for day in found for version in day.rows}):
            fingerprint = days.fingerprint(version, found)
            held = held_version(monitor, version, fingerprint, lake)
            if held is None:
                profile = days.profile(version, found)
                source = monitor.logs.table or monitor.logs.path
                held = BaselineVersion(version, profile.rows(version), source, fingerprint)
                keep_version(monitor, held, profile, days.sample(version, found), lake)
            versions.append(held)
        return PreparedBaseline(grids, tuple(versions), tuple(found), days.lost)

    def evaluated(self, day: dt.date) -> Sequence[dt.date]:
        """The range, whatever night it is."""
        del day
        number = (self.last - self.first).days + 1
        return [self.first + dt.timedelta(each) for each in range(number)]

    def why_none(self, version: str, day: dt.date) -> str:
        """On which days the version has no rows."""
        del day
        return f"version {version} has no rows on {self.first} to {self.last}"

    def look(self, monitor: Monitor, versions: Sequence[str]) -> Iterator[Remark]:
        """How many of the days have files, where the log is in files."""
        del versions
        source = source_of(monitor.logs)
        try:
            known = source.days(monitor)
        except ObsError as error:
            yield Remark("fail", str(error))
            return
        if known is None:
            detail = f"{self.first} to {self.last} of the {source.asset}, looked at when its night runs"
            yield Remark("ok", detail)
            return
        days = [day for day in known.days if self.first <= day <= self.last]
        number = (self.last - self.first).days + 1
        detail = f"{len(days)} of the {number} days {self.first} to {self.last} have files"
        yield Remark("ok" if days else "warn", detail)


BASELINE = DaysBaseline

"""What a kind of baseline can say, and which one a monitor has."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from obs_dagster.baselines.prepared import PreparedBaseline
from obs_dagster.kinds import KindError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.baseline import BaselineKeys
from obs_dagster.monitor.model import Monitor

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Remark:
    """What a look at a baseline says, before any night.

    Attributes:
        status: whether it is as it should be.
        detail: what was seen.
        nothing_at: where files should be, if there are none.
    """

    status: Literal["ok", "warn", "fail"]
    detail: str
    nothing_at: str = ""


@dataclass(frozen=True, slots=True)
class OwnRows:
    """Rows of a version's own baseline that are none of the log's.

    Attributes:
        fingerprint: changes with them.
        read: reads them in a session, with the columns of the log and what else they have.
    """

    fingerprint: str
    read: Callable[[duckdb.DuckDBPyConnection], duckdb.DuckDBPyRelation]


class Baseline(BaselineKeys):
    """A kind of baseline: its keys in the monitor file are its fields, and this is what it can do."""

    @abstractmethod
    def prepare(
        self, monitor: Monitor, lake: Lake, connection: duckdb.DuckDBPyConnection, stack: ExitStack
    ) -> PreparedBaseline:
        """Fit the grids if there are none yet, and keep the baseline of every version that is new or changed.

        Args:
            monitor: whose baseline it is.
            lake: holds the baselines.
            connection: reads rows.
            stack: closed when no rows are read any more.

        Raises:
            LakeError: there are no rows to fit the grids to.
            SourceError: a file or the warehouse cannot be read.
        """

    def nights(self, day: dt.date) -> Sequence[dt.date] | None:
        """The days whose nights are added up to what a night is compared with.

        None if that is what was prepared of a version, whatever night it is.
        """
        del day
        return None

    def nights_without(self, day: dt.date, breached: Collection[dt.date]) -> Sequence[dt.date] | None:
        """The `nights` for something that was in breach of a rule on some days."""
        del breached
        return self.nights(day)

    @property
    def leaves_out(self) -> bool:
        """Whether days in breach are left out, so that a fault does not become what is compared with."""
        return False

    def own_rows(self, monitor: Monitor, version: str) -> OwnRows | None:
        """The version's rows that are none of the log's, which may have labels; None if there are none."""
        del monitor, version
        return None

    def evaluated(self, day: dt.date) -> Sequence[dt.date]:
        """The days of the log that a night is compared with: what their labels say is known of these."""
        return self.nights(day) or ()

    @abstractmethod
    def why_none(self, version: str, day: dt.date) -> str:
        """Why a version has nothing that it is compared with on a night."""

    @property
    def least_days(self) -> int:
        """On how many of the `nights` a version has to have rows, for it to be compared with them."""
        return 1

    def owed(
        self, monitor: Monitor, seen: Collection[dt.date], evaluated: Collection[dt.date], day: dt.date
    ) -> str:
        """What a version that has nothing to be compared with is waiting for; empty if for nothing.

        Args:
            monitor: whose baseline it is.
            seen: the days that have rows of the version.
            evaluated: the days that were evaluated, with rows of any version.
            day: the night.
        """
        del monitor, seen, evaluated, day
        return ""

    @abstractmethod
    def look(self, monitor: Monitor, versions: Sequence[str]) -> Iterator[Remark]:
        """What can be said of it before any night, from what is there.

        Args:
            monitor: whose baseline it is.
            versions: those in the log, as far as they were seen.
        """

    def place(self) -> str:
        """Where its rows are, unless they are the log's."""
        return ""


def baseline_of(monitor: Monitor) -> Baseline:
    """The baseline of a monitor.

    Raises:
        KindError: what is registered under its kind can only be read from a file.
    """
    if isinstance(monitor.baseline, Baseline):
        return monitor.baseline
    raise KindError(
        f"The kind of baseline {monitor.baseline.kind!r} is no obs_dagster.baselines.protocol.Baseline.",
        remedy="Update the distribution that registers it, see docs/extending.md.",
    )

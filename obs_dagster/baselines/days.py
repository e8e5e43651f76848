"""What baselines take from each day of the log: its counts, and rows for what needs rows."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obs_dagster.baselines.log_days import LogDays
from obs_dagster.baselines.stored import SAMPLE_ROWS, grown_grids
from obs_dagster.baselines.summing import added_up
from obs_dagster.engine.protocol import engine_of
from obs_dagster.lake.columns import ROW
from obs_dagster.lake.lake import Lake, Table
from obs_dagster.lake.quoting import identifier, literal, literals
from obs_dagster.monitor.elsewhere import at_sites
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.cells import cut_of
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.reduction import reduce_rows
from obs_dagster.profile.tables import PROFILES
from obs_dagster.quality.sampled import rows_here
from obs_dagster.quality.validated import DayQuality
from obs_dagster.sites.stored import merged_profile
from obs_dagster.sources.drawn import drawn_by
from obs_dagster.sources.files import connect, derived
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.log_rows import check_in_place
from obs_dagster.sources.personal import Personal, counted, shown
from obs_dagster.sources.purged import PurgedError
from obs_dagster.store import in_parts

if TYPE_CHECKING:
    import duckdb

#: Rows of some days, with what each day is made of in the manifest; profiles of days that have none stored.
_ROWS, _PROFILES = "baseline_rows", "baseline_profile"

Origin = Literal["stored profile", "rows of the lake", "rows of the log"]
_STORED: Origin = "stored profile"


@dataclass(frozen=True, slots=True)
class BaselineDay:
    """What a baseline takes from one day.

    Attributes:
        day: the day.
        origin: what its counts are from: the profile of its night, or rows reduced for the baseline.
        content: changes with the day's clean rows.
        log: what the day's source was like when its rows were read; empty if the lake has the day.
        grids, cuts: the grids, and the cuts into segments, that its counts are on.
        rows: clean rows per version.
        columns: the grid of each column that its counts are on.
        sampled: how many rows of a version were to be fetched, where rows stay at their source.
    """

    day: dt.date
    origin: Origin
    content: str
    log: str
    grids: str
    cuts: str
    rows: dict[str, int]
    columns: dict[str, str] = field(default_factory=dict)
    sampled: int = 0


class BaselineDays:
    """The days of a baseline, each read again only if it has changed.

    Args:
        monitor: the monitor.
        lake: holds the profiles of the nights, and what baselines keep of days.
        grids: the grids of the monitor.
        log: the days, with their rows.
    """

    def __init__(self, monitor: Monitor, lake: Lake, grids: Grids, log: LogDays) -> None:
        self._monitor, self._grids, self._log, self._lake = monitor, grids, log, lake
        self._stored = lake.table(monitor.model, PROFILES)
        self._own = lake.table(monitor.model, _PROFILES)
        self._rows = lake.table(monitor.model, _ROWS)
        self._cuts = str(monitor.every_cut)
        self.lost: dict[dt.date, str] = {}

    def prepare(self) -> list[BaselineDay]:
        """The days with rows, after what is new or changed was read; other days are forgotten.

        Days that had rows, and have none to be counted now, are in `lost` with the reason.

        Raises:
            SourceError: a file or the warehouse cannot be read.
        """
        for table in (self._rows, self._own):
            for gone in set(table.days()).difference(self._log.days):
                table.remove(gone)
        return [found for day in self._log.days if (found := self._day(day)) is not None and found.rows]

    def fingerprint(self, version: str, days: Iterable[BaselineDay]) -> str:
        """Changes with what the version's baseline is made of."""
        parts = [
            f"{each.day} {each.content} {each.grids} {each.cuts}{f' {each.sampled}' if each.sampled else ''}"
            for each in days
            if version in each.rows
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def profile(self, version: str, days: Iterable[BaselineDay]) -> Profile:
        """The version's counts of all days."""
        tables = (
            _read(self._counts(each), each.day, pc.field("version") == version)
            for each in days
            if version in each.rows
        )
        return Profile(added_up(tables), self._grids)

    def sample(self, version: str, days: Iterable[BaselineDay]) -> pa.Table:
        """The rows of the version whose prediction ids have the lowest hashes, in their order."""
        files = literals(str(self._rows.path(each.day)) for each in days if version in each.rows)
        query = (
            f"SELECT * FROM read_parquet({files}, union_by_name = true, hive_partitioning = false) "
            f"WHERE {identifier(self._monitor.logs.columns.version)} = {literal(version)} "
            f"ORDER BY {self._order()} LIMIT {SAMPLE_ROWS}"
        )
        with connect() as connection:
            return connection.sql(query).to_arrow_table()

    def _day(self, day: dt.date) -> BaselineDay | None:
        quality = self._log.known(day)
        log = "" if quality else self._log.stamp(day)
        held = _held(day, self._rows.readable(day))
        if held is None or not self._holds(held, quality, log):
            try:
                if quality or log:
                    return self._read(day, log)
            except PurgedError:
                # what was taken from the day before stays, if it can be added
                self.lost[day] = "its rows were removed, as retention.logs says"
            return self._kept(day, held)
        if held.origin != _STORED and quality and self._stored_cells(day, quality):
            # its night has come meanwhile
            held = replace(held, origin=_STORED)
            self._rows.write(day, self._rows.read(day), asdict(held))
            self._own.remove(day)
        return held

    def _kept(self, day: dt.date, held: BaselineDay | None) -> BaselineDay | None:
        """A day that is nowhere to be read again: its counts as they are held, where they can be added."""
        if held is None:
            if self._rows.exists(day):
                self.lost[day] = "what was kept of it is damaged, and its source is gone"
            return None
        if self._counts(held).readable(day) is None:
            self.lost[day] = "its counts are damaged or gone, and so is its source"
        elif not self._adds_up(held):
            self.lost[day] = "its counts are on other grids, and its source is gone"
        else:
            return held
        return None

    def _adds_up(self, held: BaselineDay) -> bool:
        """Whether counts on older grids are on the same bins; columns gained since are just not in them."""
        same = (self._grids.ids.get(name) == grid for name, grid in held.columns.items())
        return bool(held.columns) and all(same)

    def _holds(self, held: BaselineDay, quality: DayQuality | None, log: str) -> bool:
        """Whether a day is what it was: in the lake, or else at its source, where it may be gone by now."""
        if (held.grids, held.cuts) != (self._grids.id, self._cuts):
            return False
        if held.sampled != self._monitor.engine.sample_rows:
            return False
        if held.origin == _STORED and not self._is_stored(held.day, held.content):
            return False
        if self._counts(held).readable(held.day) is None:
            return False
        return held.content == quality.fingerprint if quality else log in ("", held.log)

    def _is_stored(self, day: dt.date, content: str) -> bool:
        """Whether there is a profile of a day's rows on the grids."""
        manifest = self._stored.readable(day) or {}
        return manifest.get("fingerprint") == f"{content}-{self._grids.id}"

    def _stored_cells(self, day: dt.date, quality: DayQuality) -> Profile | None:
        """The numbers of rows in a day's stored profile; None if it is not of these rows, grids and cuts."""
        if not self._is_stored(day, quality.fingerprint):
            return None
        cells = Profile(_read(self._stored, day, pc.field("column") == ""), self._grids)
        missing = set(quality.missing_columns)
        declared = {cut for cut in self._monitor.every_cut if missing.isdisjoint(cut)}
        found = {cut_of(cell) for version in cells.versions() for cell in cells.segments(version)}
        return cells if found in (declared, set()) else None

    def _read(self, day: dt.date, log: str) -> BaselineDay:
        """Take counts and rows of a day."""
        lake, quality = self._log.found(day)
        personal = Personal.of(self._monitor)
        stored = None if log else self._stored_cells(day, quality)
        profile, sample = stored or Profile.empty(self._grids), pa.table({})
        if quality.evaluated and at_sites(self._monitor):
            if stored is None:
                profile = merged_profile(self._monitor, day, lake, self._grids)
            # no rows, with their columns
            sample = lake.table(self._monitor.model, LOGS).read(day)
        elif quality.evaluated and self._monitor.engine.rows_stay:
            if stored is None:
                with engine_of(self._monitor).clean_rows(self._monitor, [day], lake) as frame:
                    grids = grown_grids(self._monitor, frame, self._lake)
                    profile = reduce_rows(frame, self._monitor, grids)
            sample = lake.table(self._monitor.model, LOGS).read(day)
            if self._monitor.engine.sample_rows:
                with connect() as connection:
                    rows = rows_here(connection, self._monitor, [day], lake)
                    sample = shown(derived(rows, "log", self._picked()), personal).to_arrow_table()
        elif quality.evaluated:
            with connect() as connection:
                rows = self._log.rows(connection, [day], lake)
                if stored is None:
                    frame = nw.from_native(counted(rows, personal))
                    grids = grown_grids(self._monitor, frame, self._lake)
                    profile = reduce_rows(frame, self._monitor, grids)
                sample = shown(derived(rows, "log", self._picked()), personal).to_arrow_table()
            check_in_place(self._monitor, [day], lake)
        found = BaselineDay(
            day=day,
            origin=_STORED if stored else "rows of the log" if log else "rows of the lake",
            content=quality.fingerprint,
            log=log,
            grids=self._grids.id,
            cuts=self._cuts,
            rows={version: profile.rows(version) for version in profile.versions() if version is not None},
            columns=dict(self._grids.ids),
            sampled=self._monitor.engine.sample_rows,
        )
        if stored is None:
            self._own.write(day, profile.table, {"grids": found.grids, "fingerprint": found.content})
        self._rows.write(day, sample, asdict(found))
        if stored:
            self._own.remove(day)
        return found

    def _counts(self, day: BaselineDay) -> Table:
        return self._stored if day.origin == _STORED else self._own

    def _order(self) -> str:
        """SQL for an order of rows that is random, and always the same."""
        roles = self._monitor.logs.columns
        key = identifier(roles.prediction_id)
        return f"{drawn_by(self._monitor, key)}, {key}, {identifier(roles.time)}, {ROW}"

    def _picked(self) -> str:
        """SQL for the rows of each version in `log` that come first; few columns are sorted."""
        version = identifier(self._monitor.logs.columns.version)
        first = (
            f"SELECT {ROW} FROM log "
            f"QUALIFY row_number() OVER (PARTITION BY {version} ORDER BY {self._order()}) <= {SAMPLE_ROWS}"
        )
        return f"SELECT log.* FROM log SEMI JOIN ({first}) USING ({ROW})"


def baseline_days(monitor: Monitor, lake: Lake, grids: Grids) -> list[Path]:
    """The files with the counts of a prepared baseline's days, in order, of those on these grids.

    Empty where a baseline is no days of the log.
    """
    rows, own, stored = (lake.table(monitor.model, name) for name in (_ROWS, _PROFILES, PROFILES))
    found = []
    for day in sorted(rows.days()):
        held = _held(day, rows.readable(day))
        if held is not None and held.grids == grids.id:
            table = stored if held.origin == _STORED else own
            if table.exists(day):
                found.append(table.path(day))
    return found


def day_samples(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, version: str, columns: Sequence[str], lake: Lake
) -> Iterator[tuple[dt.date, pa.Table]]:
    """Rows of a version on each day of a prepared baseline of days, in a random order that stays.

    Args:
        connection: reads them.
        monitor: whose baseline it is.
        version: the version.
        columns: what the rows have; a day that lacks one is left out.
        lake: holds them.
    """
    rows, roles = lake.table(monitor.model, _ROWS), monitor.logs.columns
    key, wanted = identifier(roles.prediction_id), ", ".join(map(identifier, columns))
    for day in sorted(rows.days()):
        if rows.readable(day) is None or not {*columns} <= {*pq.read_schema(in_parts(rows.path(day))).names}:
            continue
        file = f"read_parquet({literal(str(rows.path(day)))}, hive_partitioning = false)"
        query = (
            f"SELECT {wanted} FROM {file} WHERE {identifier(roles.version)} = {literal(version)} "
            f"ORDER BY {drawn_by(monitor, key)}, {key}"
        )
        yield day, connection.sql(query).to_arrow_table()


def _read(table: Table, day: dt.date, rows: pc.Expression) -> pa.Table:
    return pq.read_table(table.path(day), partitioning=None, filters=rows)


def _held(day: dt.date, manifest: dict[str, Any] | None) -> BaselineDay | None:
    return BaselineDay(**manifest | {"day": day}) if manifest else None

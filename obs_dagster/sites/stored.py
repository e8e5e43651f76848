"""What sites sent of days, as the lake keeps it, and what it comes to together."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.errors import ObsError
from obs_dagster.lake.lake import Lake, Table, read_json
from obs_dagster.monitor.federation import Federation
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import cell_name
from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.profile.profile import SCHEMA, Profile, merge_rows
from obs_dagster.profile.tables import HOURS, OUTCOMES, PROFILES
from obs_dagster.sites.inbox import Inbox, check_grids
from obs_dagster.sites.package import Package, PackageError
from obs_dagster.tasks.outcomes import OutcomeProfile, OutcomeTable, cell_counts


def store_day(monitor: Monitor, day: dt.date, lake: Lake, known: Lake) -> dict[str, dict[str, Any]]:
    """Keep what sites counted of a day's rows, in the place of what was kept of it.

    Args:
        monitor: names the sites, and the folder that they send to.
        day: the day.
        lake: keeps it.
        known: has the grids, if they were fitted yet.

    Returns:
        What each site says of the day, by site, with `file`, `digest`, and `refused`, which is why nothing is
        taken of it.

    Raises:
        SourceError: the folder is not there.
    """
    document = read_json(known.folder(monitor.model, "baseline") / "grids.json")
    grids = None if document is None else Grids.from_json(document)
    found: dict[str, dict[str, Any]] = {}
    packages = Inbox.of(monitor).on(day)
    for site in (monitor.federation or Federation()).sites:
        if site not in packages:
            _forget(monitor, day, lake, site)
            continue
        package = packages[site]
        told = dict(package.days[str(day)]) | {
            "file": str(package.path),
            "digest": package.digest,
            "grids": package.header["grids"]["id"],
            "privacy": package.header.get("privacy", {}),
            "refused": "",
        }
        try:
            if grids is not None:
                check_grids(package, grids)
            tables = {name: _table(monitor, lake, site, name) for name in (PROFILES, HOURS)}
            _keep(package, day, tables, told["rows_digest"])
        except PackageError as error:
            told["refused"] = str(error)
            _forget(monitor, day, lake, site)
        found[site] = told
    return found


def store_outcomes(monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> dict[dt.date, int]:
    """Keep what sites say of labels of days that were read; returns the days that changed, with labels."""
    inbox, changed = Inbox.of(monitor), dict[dt.date, int]()
    for day in days:
        for site, package in inbox.on(day).items():
            told, table = package.days[str(day)], _table(monitor, lake, site, OUTCOMES)
            before = (table.readable(day) or {}).get("digest")
            if told["outcomes_digest"] != before and _table(monitor, lake, site, PROFILES).exists(day):
                _keep(package, day, {OUTCOMES: table}, told["outcomes_digest"])
                changed[day] = changed.get(day, 0) + int(told.get("labels") or 0)
    return changed


def outcomes_digest(monitor: Monitor, day: dt.date, lake: Lake) -> str:
    """Changes with what is kept of the labels of a day, of any site."""
    parts = [
        f"{site} {(table.readable(day) or {}).get('digest', '')}"
        for site, table in _tables(monitor, lake, OUTCOMES)
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def merged_profile(monitor: Monitor, day: dt.date, lake: Lake, grids: Grids) -> Profile:
    """The counts of all sites' rows of a day together, with a segment cell for each site.

    Raises:
        LakeError: what is kept of a site is damaged.
        ObsError: a site counts on other grids.
    """
    tables = [SCHEMA.empty_table()]
    for site, table in _tables(monitor, lake, PROFILES):
        manifest = table.readable(day)
        if manifest is None:
            continue
        if manifest.get("grids") != grids.id:
            raise ObsError(
                f"{day} was counted by {site} on the grids {manifest.get('grids')}, and these are "
                f"{grids.id}.",
                remedy="Agree on one: `obs profile grids` writes and adopts them; then have the site send "
                "the day again.",
            )
        rows = table.read(day).cast(SCHEMA)
        tables += [rows, _as_cell(_joined(rows, grids), monitor, site)]
    return Profile(merge_rows(pa.concat_tables(tables)), grids)


def merged_outcomes(monitor: Monitor, day: dt.date, lake: Lake, kind: OutcomeTable) -> OutcomeProfile:
    """The outcomes of all sites on a day together, with a segment cell for each site."""
    parts = []
    for site, table in _tables(monitor, lake, OUTCOMES):
        if table.readable(day) is not None:
            rows = table.read(day).cast(kind.schema)
            whole = rows.filter(pc.equal(rows["segment"], WHOLE))
            parts += [rows, _as_cell(cell_counts(kind, whole), monitor, site)]
    return OutcomeProfile.merged((OutcomeProfile(part, kind) for part in parts), kind)


def merged_hours(monitor: Monitor, day: dt.date, lake: Lake, schema: pa.Schema) -> pa.Table:
    """The requests of all sites on a day, by version and hour."""
    parts = [
        table.read(day).cast(schema)
        for _, table in _tables(monitor, lake, HOURS)
        if table.readable(day) is not None
    ]
    keys = ["version", "hour"]
    added = {name: "sum" for name in schema.names if name not in keys}
    return merge_rows(pa.concat_tables([schema.empty_table(), *parts]), keys, added)


def _as_cell(rows: pa.Table, monitor: Monitor, site: str) -> pa.Table:
    """Counts of all rows as those of the cell of a site."""
    dimension = (monitor.federation or Federation()).dimension
    name = cell_name((dimension,), [site])
    place = rows.schema.get_field_index("segment")
    return rows.set_column(place, "segment", pa.repeat(pa.scalar(name), rows.num_rows))


def _joined(rows: pa.Table, grids: Grids) -> pa.Table:
    """The counts of all rows of a profile on the bins that segment cells have."""
    whole = rows.filter(pc.equal(rows["segment"], WHOLE))
    numeric = [name for name, grid in grids.columns.items() if not isinstance(grid, CategoryGrid)]
    binned = pc.and_(
        pc.equal(whole["kind"], "bin"), pc.is_in(whole["column"], pa.array(numeric, pa.string()))
    )
    fewer = pc.floor(pc.divide(whole["key"], float(1 << JOINED_BITS)))
    keys = pc.if_else(binned, fewer, whole["key"])
    return merge_rows(whole.set_column(whole.schema.get_field_index("key"), "key", keys))


def _keep(package: Package, day: dt.date, tables: Mapping[str, Table], digest: str) -> None:
    for name, table in tables.items():
        rows = package.of_day(name, str(day))
        if rows is None:
            table.remove(day)
        else:
            manifest: Mapping[str, Any] = {
                "digest": digest,
                "grids": package.header["grids"]["id"],
                "file": package.digest,
            }
            table.write(day, rows, manifest)


def _forget(monitor: Monitor, day: dt.date, lake: Lake, site: str) -> None:
    for name in (PROFILES, HOURS, OUTCOMES):
        _table(monitor, lake, site, name).remove(day)


def _tables(monitor: Monitor, lake: Lake, name: str) -> Iterator[tuple[str, Table]]:
    for site in sorted((monitor.federation or Federation()).sites):
        yield site, _table(monitor, lake, site, name)


def _table(monitor: Monitor, lake: Lake, site: str, name: str) -> Table:
    return lake.table(monitor.model, f"sites/{site}/{name}")

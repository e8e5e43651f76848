"""What a site sends of some days: what its nights counted, without what min_cell keeps back, signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from obs_dagster import __version__
from obs_dagster.baselines.stored import load_grids
from obs_dagster.errors import LakeError, ObsError
from obs_dagster.federation.ledger import require, spent
from obs_dagster.federation.private import Shares
from obs_dagster.federation.private_words import privacy_of, told_of_noise
from obs_dagster.federation.sent import SentDay, digest_of, labelled_rows_of, rows_of_whole
from obs_dagster.federation.small_cells import (
    Cell,
    hidden_cells,
    rows_of_cells,
    without_small_counts,
)
from obs_dagster.federation.small_outcomes import can_be_made_small, without_small_outcomes
from obs_dagster.federation.with_noise import due_of, put_noise
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.federation import Federation
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.tables import HOURS, OUTCOMES, PROFILES
from obs_dagster.quality.books import books_of
from obs_dagster.quality.validated import DayQuality, day_quality
from obs_dagster.sites.agreement import agreement, fingerprint
from obs_dagster.sites.package import DAY_COLUMN, write_package
from obs_dagster.sites.signature import Signer
from obs_dagster.tasks.protocol import task_of


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        path: the file.
        days: the days in it, ascending.
        rows: rows that are counted in it.
        missing: days of the range that have no night.
        signed_by: the public key; empty if nobody signed.
        told: what was left out, and why; sentences without a full stop.
        spent: by day, the epsilon of all that was ever sent of it.
    """

    path: Path
    days: Sequence[dt.date]
    rows: int
    missing: Sequence[dt.date]
    signed_by: str
    told: Sequence[str] = ()
    spent: Mapping[str, float] = field(default_factory=dict)


def export_days(
    monitor: Monitor,
    days: tuple[dt.date, dt.date],
    lake: Lake,
    path: Path,
    now: dt.datetime,
    *,
    epsilon: float | None = None,
) -> Exported:
    """Write what was counted of days to a file; rows, ids and values that nobody else has stay here.

    Args:
        monitor: of the site.
        days: the first and the last day, both included.
        lake: holds what its nights counted.
        path: the file; an existing one is replaced.
        now: the present (UTC): of two files about a day the later one holds.
        epsilon: of the noise of each day; left out: what the monitor says.

    Raises:
        ObsError: the monitor names no site, no day has a night, a day was counted on other grids, or more
            would be told of a day than the monitor allows.
        LakeError: the baseline has not been prepared, or what was counted is damaged.
        SignatureError: the key cannot be read.
    """
    federation, (first, last) = monitor.federation or Federation(), days
    if federation.site is None:
        raise ObsError(
            f"The monitor of {monitor.model} does not say which site this is.",
            remedy="Write `federation: {site: …, signing_key: …}`; docs/federated.md has an example.",
        )
    signer = Signer.of(federation.signing_key, monitor.folder) if federation.signing_key else None
    grids = load_grids(monitor, lake)
    asked = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    shares = _shares(monitor, federation.epsilon if epsilon is None else epsilon)
    least = 0 if shares else federation.min_cell
    found = {day: each for day in asked if (each := _day(monitor, day, lake, grids, least))}
    if not found:
        raise ObsError(
            f"{monitor.model} has no night on {first} to {last}, so there is nothing to send.",
            remedy=f"Run `obs backfill {monitor.model} --from {first} --to {last}` first.",
        )
    if shares:
        # all of them or none
        for day, each in found.items():
            require(monitor, day, lake, due_of(monitor, day, lake, each, shares), federation.epsilon_budget)
        for day, each in found.items():
            put_noise(monitor, day, lake, each, grids=grids, shares=shares, now=now)
    tables = {PROFILES: _with_days({day: each.profile for day, each in found.items()})}
    for name in (OUTCOMES, HOURS):
        parts = {day: part for day, each in found.items() if (part := getattr(each, name)) is not None}
        if parts:
            tables[name] = _with_days(parts)
    agreed = agreement(monitor)
    header = {
        "made_by": f"obs-dagster {__version__}",
        "made_at": now.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "site": federation.site,
        "model": monitor.model,
        "monitor": fingerprint(agreed),
        "agreement": agreed,
        "definitions": {name: each.id for name, each in definitions(monitor.task).items()},
        "grids": {"id": grids.id, "columns": grids.ids},
        "schema": {
            name: {each.name: str(each.type) for each in table.schema} for name, table in tables.items()
        },
        "days": {str(day): each.header for day, each in found.items()},
        "privacy": privacy_of(shares) if shares else {"min_cell": federation.min_cell},
    }
    write_package(path, header, tables, signer)
    return Exported(
        path=path,
        days=list(found),
        rows=sum(sum(rows_of_whole(each.profile).values()) for each in found.values()),
        missing=[day for day in asked if day not in found],
        signed_by=signer.public_key if signer else "",
        told=told_of_noise(monitor, shares) if shares else _told(monitor, list(found.values()), least),
        spent={
            day: each for day, each in spent(monitor, lake).items() if dt.date.fromisoformat(day) in found
        },
    )


def _shares(monitor: Monitor, epsilon: float) -> Shares | None:
    if epsilon < 0:
        raise ObsError(f"An epsilon of {epsilon:g} is none.", remedy="Give one above 0, or 0 for no noise.")
    return Shares.of(monitor, epsilon) if epsilon else None


def _day(monitor: Monitor, day: dt.date, lake: Lake, grids: Grids, least: int) -> SentDay | None:
    """What is sent of a day; None if it has no night."""
    quality, table = day_quality(monitor, day, lake), lake.table(monitor.model, PROFILES)
    manifest = table.readable(day)
    if quality is None or manifest is None:
        return None
    if manifest.get("grids") != grids.id:
        raise LakeError(
            f"{day} of {monitor.model} was counted on the grids {manifest.get('grids')}, and these are "
            f"{grids.id}.",
            remedy="Run its night again, which counts it on these grids.",
        )
    profile, outcomes = table.read(day), _optional(monitor, day, lake, OUTCOMES)
    hours, books = _optional(monitor, day, lake, HOURS), books_of(monitor, day, lake, _rows(profile, grids))
    sent = SentDay(profile, outcomes, hours, _header(quality))
    sent.header["books"] = asdict(books) if books else None
    if least:
        _keep_back(monitor, sent, quality, grids, least)
    sent.header["labels"] = labelled_rows_of(sent.outcomes)
    sent.header["rows_digest"] = digest_of(
        sent.profile, sent.hours, sent.header["quality"], quality.fingerprint
    )
    sent.header["outcomes_digest"] = digest_of(sent.outcomes)
    return sent


def _header(quality: DayQuality) -> dict[str, Any]:
    """What is said of a day: numbers and rules, without a value of any row."""
    results = [each | {"examples": []} for each in quality.results]
    told = asdict(quality.without_values()) | {"results": results}
    kept = ("evaluated", "reason", "quarantined", "schema_changes", "broken_rules", "released", "results")
    return {
        "rows": quality.rows,
        "duplicates": quality.duplicates,
        "conflicts": quality.conflicts,
        "versions": quality.versions,
        "quality": {name: told[name] for name in kept},
    }


def _keep_back(monitor: Monitor, sent: SentDay, quality: DayQuality, grids: Grids, least: int) -> None:
    """Take out what is said of few rows."""
    # groups of people are cells of the outcomes alone
    kind = task_of(monitor).outcomes
    countable = sent.outcomes if kind is not None and can_be_made_small(kind) else None
    hidden = hidden_cells(rows_of_outcomes(countable) | rows_of_cells(sent.profile), least)
    sent.profile, sent.left_out = without_small_counts(sent.profile, grids, least, hidden)
    sent.outcomes = None
    if countable is not None and kind is not None:
        sent.outcomes, sent.without_outcomes = without_small_outcomes(countable, kind, least, hidden)
    # failures of an hour are few as a rule
    sent.hours = None
    versions = rows_of_whole(sent.profile)
    quarantined = quality.quarantined if quality.quarantined >= least else 0
    told = sent.header["quality"]
    sent.header |= {
        "rows": sum(versions.values()) + quarantined if quality.evaluated else _at_least(quality.rows, least),
        "duplicates": _at_least(quality.duplicates, least),
        "conflicts": _at_least(quality.conflicts, least),
        "versions": versions,
        "books": None,
    }
    told |= {
        "quarantined": quarantined,
        "broken_rules": {rule: n for rule, n in quality.broken_rules.items() if n >= least},
        "released": {rule: n for rule, n in quality.released.items() if n >= least},
        "results": [],
        # a line of cause counts rows
        "reason": told["reason"].partition("\n")[0] and "the site does not evaluate the day",
    }


def rows_of_outcomes(outcomes: pa.Table | None) -> dict[Cell, int]:
    """How many predictions each cell of outcomes has, of a task that counts each once."""
    found: dict[Cell, int] = {}
    for row in outcomes.select(["version", "segment", "n"]).to_pylist() if outcomes is not None else ():
        cell = row["version"], row["segment"]
        found[cell] = found.get(cell, 0) + row["n"]
    return found


def _at_least(rows: int, least: int) -> int:
    return rows if rows >= least else 0


def _told(monitor: Monitor, days: Sequence[SentDay], least: int) -> list[str]:
    if not least:
        return []
    cells, rows = sum(each.left_out.cells for each in days), sum(each.left_out.cell_rows for each in days)
    moved = sum(sum(each.left_out.moved.values()) for each in days)
    dropped = sum(sum(each.left_out.dropped.values()) for each in days)
    told = [
        f"{cells:,} segment cells of days with {rows:,} rows are left out; all rows together are whole",
        f"{moved:,} counts of rows are with a neighbour: distributions are off by them, and totals are not",
    ]
    if dropped:
        told.append(f"{dropped:,} counts of rows are left out of columns that have too few")
    if versions := sum(each.left_out.versions for each in days):
        told.append(f"{versions:,} versions of days have fewer rows than {least}, and are left out")
    if without := sum(each.without_outcomes for each in days):
        told.append(f"{without:,} rows are not among the outcomes")
    kind = task_of(monitor).outcomes
    if kind is not None and not can_be_made_small(kind):
        told.append(f"outcomes of {monitor.task} are not sent, since no small count of them can be kept back")
    told.append("requests by the hour, and the books of rows, are not sent")
    return told


def _optional(monitor: Monitor, day: dt.date, lake: Lake, name: str) -> pa.Table | None:
    table = lake.table(monitor.model, name)
    return table.read(day).replace_schema_metadata(None) if table.readable(day) is not None else None


def _rows(profile: pa.Table, grids: Grids) -> int:
    counted = Profile(profile, grids)
    return sum(counted.rows(version) for version in counted.versions())


def _with_days(tables: dict[dt.date, pa.Table]) -> pa.Table:
    """The rows of days with their day before them."""
    parts = [
        table.replace_schema_metadata(None).add_column(
            0, DAY_COLUMN, pa.repeat(pa.scalar(str(day)), table.num_rows)
        )
        for day, table in tables.items()
    ]
    return pa.concat_tables(parts).combine_chunks()

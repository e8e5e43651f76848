"""The books of a day's log: every row that was read is evaluated, or it is said where it went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.refusal import outside
from obs_dagster.quality.validated import day_quality
from obs_dagster.sources.ingest import LOGS


@dataclass(frozen=True, slots=True)
class Books:
    """Where the rows of a day's log went. Each row is in one of these; what is left over is unaccounted.

    Attributes:
        read: rows that the source's files, or its table, have.
        forgotten: those whose id somebody asked to be forgotten.
        other_days: those that belong to other days, where folders hold rows of two and rows are picked by
            their time.
        untaken: those of a day that does not take them (see `sources.strays`).
        duplicates: those whose prediction another row has, which counts.
        outside: those whose time is not in the day; they are in quarantine.
        quarantined: those that broke another rule.
        refused: sound ones of a day that is not evaluated.
        evaluated: those that were counted.
        conflicts: ids of repeated rows that say different things (see `sources.repeats`).
    """

    read: int
    forgotten: int
    other_days: int
    duplicates: int
    outside: int
    quarantined: int
    refused: int
    evaluated: int
    conflicts: int = 0
    untaken: int = 0

    @property
    def unaccounted(self) -> int:
        """Rows that were read and are nowhere; below 0, rows that are counted twice. Only 0 is no fault."""
        return self.read - (
            self.forgotten
            + self.other_days
            + self.untaken
            + self.duplicates
            + self.outside
            + self.quarantined
            + self.refused
            + self.evaluated
        )

    def __str__(self) -> str:
        parts = {
            "evaluated": self.evaluated,
            "in quarantine": self.quarantined,
            "outside the day": self.outside,
            self._repeated: self.duplicates,
            "not evaluated": self.refused,
            "of other days": self.other_days,
            "that no day takes": self.untaken,
            "of forgotten ids": self.forgotten,
            "UNACCOUNTED": self.unaccounted,
        }
        shown = [f"{rows:,} {what}" for what, rows in parts.items() if rows]
        return f"{self.read:,} rows read = {' + '.join(shown) or '0'}"

    @property
    def _repeated(self) -> str:
        if not self.conflicts:
            return "repeated"
        ids = "1 id" if self.conflicts == 1 else f"{self.conflicts:,} ids"
        return f"repeated, with different content of {ids},"


def books_of(monitor: Monitor, day: dt.date, lake: Lake, counted: int) -> Books | None:
    """The books of a day that was validated and whose rows were counted as they were read; else None.

    Args:
        monitor: names the log.
        day: the day.
        lake: holds what was read and what was validated.
        counted: rows that the day's profile counted, of all versions.
    """
    manifest = lake.table(monitor.model, LOGS).readable(day)
    quality = day_quality(monitor, day, lake)
    if manifest is not None and "sites" in manifest:
        return _of_sites(manifest["sites"])
    if quality is None or quality.unreadable or manifest is None or "source_rows" not in manifest:
        return None
    away = quality.broken_rules.get(outside(monitor, day), 0)
    books = Books(
        read=manifest["source_rows"],
        forgotten=manifest.get("forgotten", 0),
        other_days=manifest["other_days"],
        duplicates=quality.duplicates,
        outside=away,
        quarantined=quality.quarantined - away,
        refused=0 if quality.evaluated else quality.rows - quality.quarantined,
        evaluated=counted,
        conflicts=quality.conflicts,
        untaken=sum(manifest.get("untaken", {}).values()),
    )
    # rows that were erased are among those that were counted before, and missing among those counted since
    erased = min(manifest.get("erased", 0), max(books.unaccounted, 0))
    return replace(books, forgotten=books.forgotten + erased)


def _of_sites(sites: Mapping[str, Mapping[str, Any]]) -> Books | None:
    """The books of all sites together, as each of them kept its own; None if one has none."""
    kept = [each["books"] for each in sites.values() if not each["refused"]]
    if not kept or not all(kept):
        return None
    return Books(**{each.name: sum(books[each.name] for books in kept) for each in fields(Books)})

"""`obs quarantine list` and `releases`: what is set aside and why, and what is evaluated nonetheless."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli import days
from jobs.cli.choice import Model, find_monitor
from jobs.cli.console import ERRORS
from jobs.cli.records import Format, FormatOption, emit

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor
    from obs_dagster.quality.tally import Quarantined

_DAYS = 28
_FIELDS = ("rows", "days", "first", "last", "versions")
_RELEASE_FIELDS = (
    "id",
    "rule",
    "first",
    "last",
    "versions",
    "by",
    "comment",
    "at",
    "withdrawn_at",
    "withdrawn_by",
)
_FILE_FIELDS = ("day", "error", "at", "kept")

First = Annotated[str | None, days.option("--from", "The first day; left out: 28 days before the last")]
Last = Annotated[str, days.option("--to", "The last day")]


class Grouping(StrEnum):
    """What rows in quarantine are counted by."""

    RULE = "rule"
    COLUMN = "column"
    VERSION = "version"
    DAY = "day"


def list_quarantined(
    model: Model,
    first: First = None,
    last: Last = days.LATEST,
    by: Annotated[Grouping, typer.Option(help="What to count by.")] = Grouping.RULE,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Count rows in quarantine by rule, column, version or day. A row counts with each rule that it broke."""
    monitor = find_monitor(model)
    begin, end = span(monitor, first, last)
    records = [each.record(by) for each in _groups(tallied(monitor, begin, end), by)]
    emit(records, (by.value, *_FIELDS), chosen)
    if not records:
        ERRORS.print(f"No row of {begin} to {end} is in quarantine.", highlight=False)
    elif by is Grouping.RULE and chosen is Format.TABLE:
        ERRORS.print(
            f"`obs quarantine release {model} --rule RULE --comment WHY` has such rows evaluated.",
            markup=False,
            highlight=False,
        )


def releases(model: Model, chosen: FormatOption = Format.TABLE) -> None:
    """List the releases of rows, with who made them and why; those that were withdrawn, too."""
    from obs_dagster.lake.lake import Lake
    from obs_dagster.quality.releases import releases_of
    from obs_dagster.settings import Settings

    monitor = find_monitor(model)
    found = [asdict(each) for each in releases_of(monitor.model, Lake(Settings().lake_root))]
    if chosen in (Format.TABLE, Format.CSV):
        found = [each | {"versions": ", ".join(each["versions"]) or "all"} for each in found]
    emit(found, _RELEASE_FIELDS, chosen)
    if not found:
        ERRORS.print(f"No row of {model} was ever released.", highlight=False)


def files(model: Model, chosen: FormatOption = Format.TABLE) -> None:
    """List the days whose log files cannot be read; each is tried again when its files change."""
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings
    from obs_dagster.sources.unreadable_log import unreadable_logs

    monitor = find_monitor(model)
    found = [asdict(each) for each in unreadable_logs(monitor.model, Lake(Settings().lake_root))]
    emit(found, _FILE_FIELDS, chosen)
    if not found:
        ERRORS.print(f"Every file of {model}'s log can be read.", highlight=False)


def span(monitor: Monitor, first: str | None, last: str) -> tuple[dt.date, dt.date]:
    """The days that are meant: the last one is that of the last night unless it is named."""
    from obs_dagster.lake.lake import Lake
    from obs_dagster.quality.validated import QUARANTINE
    from obs_dagster.settings import Settings

    def latest() -> dt.date:
        ran = Lake(Settings().lake_root).table(monitor.model, QUARANTINE).days()
        return ran[-1] if ran else days.last_legal(monitor)

    end = days.day_of(monitor, last, latest)
    if first is None:
        return max(monitor.start, end - dt.timedelta(days=_DAYS - 1)), end
    begin = days.day_of(monitor, first, latest)
    days.require_days(monitor, begin, end)
    return begin, end


def tallied(monitor: Monitor, first: dt.date, last: dt.date) -> list[Quarantined]:
    """What is in quarantine of some days."""
    from obs_dagster.lake.lake import Lake
    from obs_dagster.quality.tally import tally
    from obs_dagster.settings import Settings

    return list(tally(monitor, Lake(Settings().lake_root), first, last))


@dataclass(slots=True)
class _Group:
    """Rows that have something in common."""

    name: str
    rows: int = 0
    days: set[dt.date] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)

    def record(self, by: Grouping) -> dict[str, Any]:
        return {
            by.value: self.name or "none",
            "rows": self.rows,
            "days": len(self.days),
            "first": min(self.days),
            "last": max(self.days),
            "versions": ", ".join(sorted(version or "none" for version in self.versions)),
        }


def _groups(found: Sequence[Quarantined], by: Grouping) -> list[_Group]:
    """Rows by what they have in common, the most first; days in their order."""
    groups: dict[str, _Group] = {}
    for each in found:
        name = str(getattr(each, by.value))
        group = groups.setdefault(name, _Group(name))
        group.rows += each.rows
        group.days.add(each.day)
        group.versions.add(each.version)
    return sorted(groups.values(), key=lambda each: each.name if by is Grouping.DAY else -each.rows)

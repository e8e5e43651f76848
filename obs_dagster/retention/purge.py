"""What is over by a monitor's `retention`, and its removal. Run twice, nothing is left to remove."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from obs_dagster.evaluation.groups_apart import GROUPS, place_apart
from obs_dagster.history import History
from obs_dagster.lake.lake import Lake, Table
from obs_dagster.links import health_page
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.retention import Retention
from obs_dagster.profile.tables import (
    COMPONENT_OUTCOMES,
    COMPONENT_PARTS,
    COMPONENTS,
    OUTCOMES,
    PROFILES,
    SAMPLED,
)
from obs_dagster.quality.purge import purge_quarantine
from obs_dagster.quality.sampled import FETCHED, FETCHED_LABELS
from obs_dagster.quality.validated import QUARANTINE, day_quality
from obs_dagster.retention.labels import purge_waiting, waiting_before
from obs_dagster.sources.halves import HALVES
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.label_days import GROUND_TRUTH
from obs_dagster.sources.purged import purge_rows, purged_on
from obs_dagster.store import remove_tree
from obs_dagster.telemetry.event import Event

_PURGED = Event(
    "obs_dagster.retention",
    "purged",
    "info",
    "What a monitor keeps no longer was removed.",
    {
        "model": "the model",
        "kind": "what, as the keys of `retention`",
        "removed": "how many days, rows or files",
        "before": "everything before this day",
    },
)
_COUNTS = (
    *(PROFILES, OUTCOMES, "hours", COMPONENTS, COMPONENT_OUTCOMES),
    *("changes", "where", "champion", "multivariate", "pairs"),
)
_EXPLAINED = ("explanations",)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where what a monitor's nights have written is.

    Attributes:
        monitor: the monitor.
        lake: the lake.
        history: the history store.
        pages: the folder of pages that people open without MLflow.
        today: the day that `retention` counts back from, in the monitor's time zone.
    """

    monitor: Monitor
    lake: Lake
    history: History
    pages: Path
    today: dt.date

    def table(self, name: str) -> Table:
        """A table of the model."""
        return self.lake.table(self.monitor.model, name)

    def folders(self, name: str, before: dt.date) -> list[Path]:
        """The folders of days of a table, whatever is in them."""
        found = []
        for folder in self.lake.folder(self.monitor.model, name).glob("day=*"):
            try:
                day = dt.date.fromisoformat(folder.name.removeprefix("day="))
            except ValueError:
                continue
            if day < before:
                found.append(folder)
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Over:
    """What is over of one kind.

    Attributes:
        kind: as the key of `retention`.
        before: everything before this day.
        number: how much of it there is.
        noun: of what, in words.
    """

    kind: str
    before: dt.date
    number: int
    noun: str


def purge(kept: Kept, *, dry_run: bool = False) -> list[Over]:
    """Remove what is over; what nothing is over of is left out.

    Args:
        kept: where it is.
        dry_run: only say what would be removed.

    Raises:
        OSError, LakeError, HistoryError: something cannot be removed; what was removed is, and the rest is by
            the next run.
    """
    found = []
    for kind in Retention.model_fields:
        days: int | None = getattr(kept.monitor.retention, kind)
        if days is None:
            continue
        before = kept.today - dt.timedelta(days=days)
        noun, sweep = _KINDS[kind]
        number = sweep(kept, before, dry_run)
        if number:
            found.append(Over(kind, before, number, noun))
            if not dry_run:
                _PURGED(model=kept.monitor.model, kind=kind, removed=number, before=str(before))
    return found


def _logs(kept: Kept, before: dt.date, dry_run: bool) -> int:  # noqa: FBT001  one of several alike
    if not dry_run:
        for table in map(kept.table, (SAMPLED, HALVES, FETCHED, FETCHED_LABELS, COMPONENT_PARTS)):
            for day in table.days():
                if day < before:
                    table.remove(day)
    return len(list(_emptied(kept, LOGS, before, dry_run=dry_run)))


def _labels(kept: Kept, before: dt.date, dry_run: bool) -> int:  # noqa: FBT001
    days = list(_emptied(kept, GROUND_TRUTH, before, dry_run=dry_run, labels=0))
    folder = kept.lake.folder(kept.monitor.model, "labels")
    return len(days) + (waiting_before(folder, before) if dry_run else purge_waiting(folder, before))


def _emptied(
    kept: Kept, name: str, before: dt.date, *, dry_run: bool, **changed: object
) -> Iterator[dt.date]:
    table = kept.table(name)
    for day in table.days():
        manifest = table.readable(day)
        if day < before and manifest is not None and not purged_on(manifest):
            if not dry_run:
                purge_rows(table, day, kept.today, **changed)
            yield day


def _quarantine(kept: Kept, before: dt.date, dry_run: bool) -> int:  # noqa: FBT001
    days = []
    for day in kept.table(QUARANTINE).days():
        found = day_quality(kept.monitor, day, kept.lake) if day < before else None
        if found is not None and not found.purged:
            days.append(day)
    if not dry_run:
        purge_quarantine(kept.monitor, kept.lake, days)
    return len(days)


def _folders(*names: str) -> Callable[[Kept, dt.date, bool], int]:
    def sweep(kept: Kept, before: dt.date, dry_run: bool) -> int:  # noqa: FBT001
        folders = [folder for name in names for folder in kept.folders(name, before)]
        if not dry_run:
            for folder in folders:
                remove_tree(folder)
        return len({folder.name for folder in folders})

    return sweep


def _counted(kept: Kept, before: dt.date, dry_run: bool) -> int:  # noqa: FBT001
    """Counts of the lake, and those of groups that are kept apart from it."""
    number = _folders(*_COUNTS)(kept, before, dry_run)
    if kept.monitor.fairness.cuts_apart:
        table = place_apart(kept.monitor, kept.lake).table(kept.monitor.model, GROUPS)
        for day in table.days():
            if day < before and not dry_run:
                table.remove(day)
    return number


def _history(kept: Kept, before: dt.date, dry_run: bool) -> int:  # noqa: FBT001
    return kept.history.forget_before(kept.monitor.model, before, dry_run=dry_run)


def _reports(kept: Kept, before: dt.date, dry_run: bool) -> int:  # noqa: FBT001
    gone = []
    for page in kept.pages.glob(f"{kept.monitor.model}-????-??-??.html"):
        try:
            day = dt.date.fromisoformat(page.stem[-10:])
        except ValueError:
            continue
        if day < before and page.name == health_page(kept.monitor.model, day):
            gone.append(page)
    if not dry_run:
        for page in gone:
            page.unlink(missing_ok=True)
    return len(gone)


_KINDS: dict[str, tuple[str, Callable[[Kept, dt.date, bool], int]]] = {
    "logs": ("days whose rows were copied", _logs),
    "labels": ("days with labels, and labels that wait", _labels),
    "quarantine": ("days with rows in quarantine", _quarantine),
    "explanations": ("days with explanations", _folders(*_EXPLAINED)),
    "profiles": ("days with counts", _counted),
    "history": ("replaced records, and records of what nights took", _history),
    "reports": ("health pages", _reports),
}

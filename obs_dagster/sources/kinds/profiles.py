"""`source: profiles`: a folder with what sites send in the place of rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from obs_dagster.errors import SourceError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.data import Labels, Logs
from obs_dagster.monitor.federation import Federation
from obs_dagster.monitor.model import Monitor
from obs_dagster.sites.inbox import Inbox
from obs_dagster.sites.stored import store_day, store_outcomes
from obs_dagster.sources.file_source import KnownDays
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.files import SourceFiles

_COUNTS = ("rows", "duplicates", "conflicts", "forgotten")


@dataclass(frozen=True, slots=True)
class Profiles:
    """What sites counted of their rows (see `Source` for what each method is for)."""

    name: str = "profiles"
    of_files: bool = False
    reads_table: bool = False
    reads_folder: Literal[True] = True
    asset: Literal["file"] = "file"
    label_unit: str = "days of sites"

    def place(self, section: Logs | Labels) -> str:
        """The folder as the monitor has it."""
        return section.path

    def day(self, monitor: Monitor, day: dt.date, folder: Path) -> AbstractContextManager[SourceFiles]:
        """There are no rows here, so nobody may ask for them."""
        del day, folder
        raise SourceError(
            f"The rows of {monitor.model} are at its sites; here are counts of them.",
            remedy="Ask the site.",
        )

    def stamp(self, monitor: Monitor, day: dt.date) -> str:
        """Changes with what a site counted of the day's rows."""
        return Inbox.of(monitor).stamp(day)

    def days(self, monitor: Monitor) -> KnownDays:
        """The days of which a site has sent something."""
        return KnownDays(list(Inbox.of(monitor).days))

    def label_stamps(self, monitor: Monitor, labels: Labels) -> Mapping[str, str]:
        """Nothing: labels are counted where the rows are (see `counted_labels`)."""
        del monitor, labels
        return {}

    @contextmanager
    def labels(
        self, monitor: Monitor, labels: Labels, names: Sequence[str], folder: Path
    ) -> Iterator[Sequence[SourceFiles]]:
        """No files."""
        del monitor, labels, names, folder
        yield []

    def counted(self, monitor: Monitor, day: dt.date, lake: Lake, known: Lake) -> dict[str, Any]:
        """Keep what sites counted of a day, and say what it comes to (see `Counted`)."""
        stamp = self.stamp(monitor, day)
        sites = store_day(monitor, day, lake, known)
        taken = {site: each for site, each in sites.items() if not each["refused"]}
        total = {name: sum(int(each.get(name) or 0) for each in taken.values()) for name in _COUNTS}
        versions: dict[str, int] = {}
        for each in taken.values():
            for version, rows in each["versions"].items():
                versions[version] = versions.get(version, 0) + rows
        return {
            **total,
            "conflicting": [],
            "versions": dict(sorted(versions.items())),
            "files": [
                FileStamp(each["file"], None, None, each["digest"]).to_json() for each in sites.values()
            ],
            "fingerprint": stamp,
            "stamp": stamp,
            "schema_changes": list(_schema_changes(taken)),
            "columns": {},
            "sites": {
                site: {key: each[key] for key in each if key != "versions"} for site, each in sites.items()
            },
            "lacking": sorted({*(monitor.federation or Federation()).sites} - {*taken}),
        }

    def counted_labels(self, monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> dict[dt.date, int]:
        """Keep what sites counted of labels (see `Counted`)."""
        return store_outcomes(monitor, days, lake)


def _schema_changes(sites: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """What differs from what is declared; a column is missing if no site with rows has it."""
    having = [site for site, each in sites.items() if each["rows"]]
    lacking: dict[str, list[str]] = {}
    for site in having:
        for change in sites[site]["quality"]["schema_changes"]:
            if change["kind"] == "missing":
                lacking.setdefault(change["column"], []).append(site)
    for site in having:
        for change in sites[site]["quality"]["schema_changes"]:
            everywhere = lacking.get(change["column"]) == having
            if everywhere and change["kind"] == "missing":
                if site == having[0]:
                    yield dict(change)
                continue
            kind = "retyped" if change["kind"] == "missing" else change["kind"]
            yield {"kind": kind, "column": change["column"], "text": f"at {site}: {change['text']}"}


SOURCE = Profiles()

"""What MLflow does not show as it stands is published: the days that ran now, and those that it missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from obs_dagster.evaluation.night import Night
from obs_dagster.file_lock import alone
from obs_dagster.history import History
from obs_dagster.lake.lake import read_json, write_json
from obs_dagster.links import NO_LINKS, Links
from obs_dagster.monitor.model import Monitor
from obs_dagster.reports.evidently_ahead import EvidentlyAhead
from obs_dagster.reports.kept import keep_standing
from obs_dagster.reports.mlflow.report import MlflowReport, Published
from obs_dagster.reports.mlflow.tracking import LAYOUT
from obs_dagster.reports.mlflow.version_report import VersionReport
from obs_dagster.reports.night_reports import NightReports, is_settled
from obs_dagster.store.object_path import ObjectPath
from obs_dagster.verdict.verdict import Verdict

#: Nights that are in memory at a time, with their pages.
_TOGETHER = 28
#: What has been published, by day; and what a process holds while it publishes.
_LEDGER, _LOCK = "published.json", ".publishing"


@dataclass(frozen=True, slots=True)
class PublishedNights:
    """What a publication did.

    Attributes:
        published: per version, where its runs are.
        days: the days whose runs were written.
        verdicts: per version, how it stands after the latest day.
    """

    published: list[Published]
    days: list[dt.date]
    verdicts: list[Verdict]


def publish_nights(
    night: Night,
    days: Collection[dt.date],
    history: History,
    tracking_uri: str,
    *,
    pages: Path | None = None,
    links: Links = NO_LINKS,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> PublishedNights:
    """Publish the given days, and every earlier day that MLflow does not show as it stands.

    What was published is remembered by content, so labels that came late and nights that MLflow missed are
    caught up with, and nothing else is written again.

    Args:
        night: what the run evaluates with; its lake holds what the stages kept of each day.
        days: the days that ran now; only these get Evidently's pages.
        history: holds metrics, nights and alerts.
        tracking_uri: MLflow.
        pages: the folder that health pages are written to as well; left out: none.
        links: where people look beside MLflow.
        progress: told how many nights are published, and of how many.

    Raises:
        MlflowUnavailable: MLflow cannot be reached; the next call catches up.
    """
    folder = night.lake.folder(night.monitor.model, "mlflow")
    with _one_at_a_time(folder):
        return _publish(
            night, days, history, tracking_uri, folder / _LEDGER, pages=pages, links=links, progress=progress
        )


def _publish(
    night: Night,
    days: Collection[dt.date],
    history: History,
    tracking_uri: str,
    ledger_file: Path,
    *,
    pages: Path | None,
    links: Links,
    progress: Callable[[int, int], None],
) -> PublishedNights:
    monitor, lake = night.monitor, night.lake
    ledger: dict[str, str] = read_json(ledger_file) or {}
    evaluated = [each.day for each in history.nights(monitor.model)]
    latest = max([*evaluated, *days])
    due = _due(monitor, history, {*evaluated, *days}, ledger, always={*days, latest})
    mlflow: MlflowReport | None = None
    published: dict[str, Published] = {}
    written: list[dt.date] = []
    verdicts: list[Verdict] = []
    done = 0
    with closing(EvidentlyAhead(monitor, lake, [day for day in due if day in days])) as evidently:
        reports = NightReports(night, history, latest, links)
        made = reports.each(list(due))
        for together in _batches(due, _TOGETHER):
            nights: list[VersionReport] = []
            for report in islice(made, len(together)):
                verdicts = list(report.verdicts)
                drawn = evidently.pages(report.day)
                nights += reports.with_evidently(report, drawn) if drawn else report.versions
                # before MLflow is asked for anything, which may be down
                keep_standing(monitor.model, report, history, pages)
            if nights:
                mlflow = mlflow or MlflowReport(tracking_uri)
            for each in mlflow.publish(nights) if mlflow else ():
                before = published.get(each.version)
                earlier = before.nights if before else {}
                published[each.version] = replace(each, nights=earlier | each.nights)
            ledger |= {day.isoformat(): due[day] for day in together}
            write_json(ledger_file, ledger)
            written += sorted({report.day for report in nights})
            evidently.forget(together)
            done += len(together)
            progress(done, len(due))
    return PublishedNights([published[version] for version in sorted(published)], written, verdicts)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait for other processes that publish nights of the model.

    Of two at once one would replace a trend that the other goes on adding to, and points would be lost. A
    lake in a bucket has no locks: there it is for whoever starts runs not to start two of a model.
    """
    if isinstance(folder, ObjectPath):
        yield
        return
    with alone(folder / _LOCK):
        yield


def _due(
    monitor: Monitor,
    history: History,
    known: Collection[dt.date],
    ledger: dict[str, str],
    *,
    always: Collection[dt.date],
) -> dict[dt.date, str]:
    """The days to publish, in order, each with what its publication is remembered by."""
    stamps = history.stamps(monitor.model)
    latest = max(known)
    contents = {}
    for day in sorted(known):
        settled = ", settled" if is_settled(monitor, day, latest) else ""
        content = f"{LAYOUT}: {stamps.get(day, '')}{settled}"
        if day in always or ledger.get(day.isoformat()) != content:
            contents[day] = content
    return contents


def _batches(days: Iterable[dt.date], size: int) -> Iterator[list[dt.date]]:
    left = iter(days)
    while batch := list(islice(left, size)):
        yield batch

"""Nights to MLflow: which need publishing, and what each run holds."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass

from obs_dagster import __version__
from obs_dagster.evaluation.metrics import ALL_VERSIONS
from obs_dagster.explain.day import explanation_files
from obs_dagster.history import History
from obs_dagster.lake.lake import Lake, read_json, write_json
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.baseline import load_grids
from obs_dagster.quality.day import day_quality
from obs_dagster.reports.evidently_night import evidently_pages, is_due
from obs_dagster.reports.gather import gather, trend_records
from obs_dagster.reports.headline import headline_window
from obs_dagster.reports.health.page import HealthInput, render_health
from obs_dagster.reports.mlflow.night import Content, NightReport
from obs_dagster.reports.mlflow.publish import MlflowReport, Published
from obs_dagster.reports.verdict import Verdict


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
    monitor: Monitor,
    days: Collection[dt.date],
    lake: Lake,
    history: History,
    tracking_uri: str,
    *,
    now: dt.datetime,
    run_id: str,
) -> PublishedNights:
    """Publish the given days, and every earlier day that MLflow does not show as it stands.

    What was published is remembered by content, so labels that came late and nights that MLflow missed are
    caught up with, and nothing else is written again.

    Raises:
        MlflowUnavailable: MLflow cannot be reached; the next call catches up.
    """
    ledger_file = lake.folder(monitor.model, "mlflow") / "published.json"
    ledger: dict[str, str] = read_json(ledger_file) or {}
    evaluated = [night.day for night in history.nights(monitor.model)]
    latest = max([*evaluated, *days])
    reports: list[NightReport] = []
    contents: dict[str, str] = {}
    last_verdicts: list[Verdict] = []
    trends = trend_records(monitor, history, min(days), latest)
    stamps = history.stamps(monitor.model)
    for day in sorted({*evaluated, *days}):
        settled = _settled(monitor, day, latest)
        content = f"{stamps.get(day, '')}{', settled' if settled else ''}"
        key = day.isoformat()
        if day not in days and ledger.get(key) == content and day != latest:
            continue
        records = history.metrics(monitor.model, first=day, last=day)
        known = trends if day >= min(days) else None
        page = gather(monitor, history, day, now=now, run_id=run_id, trends=known)
        judged = page.verdicts
        if day == latest:
            last_verdicts = judged
        reports += _reports(monitor, page, judged, records, lake, settled=settled, full=day in days)
        contents[key] = content
    published = MlflowReport(tracking_uri).publish(reports) if reports else []
    write_json(ledger_file, ledger | contents)
    return PublishedNights(published, sorted({report.day for report in reports}), last_verdicts)


def _settled(monitor: Monitor, day: dt.date, latest: dt.date) -> bool:
    """Whether labels of the day are not waited for any longer."""
    return monitor.labels is None or (latest - day).days >= monitor.labels.max_delay_days


def _reports(
    monitor: Monitor,
    page: HealthInput,
    judged: list[Verdict],
    records: list[MetricRecord],
    lake: Lake,
    *,
    settled: bool,
    full: bool,
) -> list[NightReport]:
    """One report per version that has a verdict; only nights that ran now get Evidently pages."""
    shared: dict[str, Content] = {
        "health.html": render_health(page),
        "alerts.json": json.dumps([asdict(line) for line in page.alerts], default=str, indent=1),
    }
    quality = day_quality(monitor, page.day, lake)
    if quality is not None:
        shared["great_expectations.json"] = json.dumps(asdict(quality), default=str, indent=1)
    found = []
    for verdict in judged:
        version = verdict.version
        own = [record for record in records if record.version in (version, ALL_VERSIONS)]
        artifacts = dict(shared)
        for name, file in explanation_files(monitor, page.day, version, lake).items():
            artifacts[f"explanations/{name}"] = file
        if is_due(monitor, page.day) and full and quality is not None and quality.evaluated:
            for name, html in evidently_pages(monitor, page.day, version, lake).items():
                artifacts[f"evidently/{name}"] = html
        found.append(
            NightReport(
                model=monitor.model,
                version=version,
                day=page.day,
                records=own,
                settled=settled,
                verdict=verdict,
                params=_params(monitor, lake),
                tags={"obs.run_id": page.run_id},
                artifacts=artifacts,
                registered_model=monitor.registry.name if monitor.registry else None,
                linked_window=headline_window(monitor),
            )
        )
    return found


def _params(monitor: Monitor, lake: Lake) -> dict[str, str]:
    monitored = hashlib.sha256(monitor.model_dump_json().encode()).hexdigest()[:12]
    return {
        "monitor": monitored,
        "windows": ", ".join(map(str, monitor.windows)),
        "baseline": monitor.baseline.kind,
        "grids": load_grids(monitor, lake).id,
        "threshold": str(monitor.logs.threshold),
        "obs_dagster": __version__,
    }

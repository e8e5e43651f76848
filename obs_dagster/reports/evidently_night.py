"""Evidently's reports of one version on one day: sampled rows against a sample of the baseline."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from obs_dagster.evaluation.sampling import sample_baseline, sample_day
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.data import TrainingBaseline
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import LABEL, prediction_column
from obs_dagster.reports.evidently import EvidentlyReport, classification_report, drift_report

if TYPE_CHECKING:
    import pandas as pd


def is_due(monitor: Monitor, day: dt.date) -> bool:
    """Whether the day is one for which the monitor asks for Evidently's reports."""
    return (day - monitor.start).days % monitor.reports.evidently_every_days == 0


def evidently_pages(monitor: Monitor, day: dt.date, version: str, lake: Lake) -> dict[str, str]:
    """Evidently's pages by file name; a page that cannot be made is left out."""
    rows = monitor.reports.evidently_sample
    current = sample_day(monitor, day, version, lake, rows)
    baseline = sample_baseline(monitor, version, lake, rows)
    about = f"{monitor.model} version {version}, {day}"
    pages = {}
    if baseline is not None and not current.empty:
        features = monitor.features
        report = drift_report(
            baseline,
            current,
            [name for name, feature in features.items() if feature.numeric] + [monitor.logs.columns.score],
            [name for name, feature in features.items() if not feature.numeric],
            title=f"Data drift: {about}",
        )
        if isinstance(report, EvidentlyReport):
            pages["evidently_drift.html"] = report.html
    reference = baseline
    renamed = {monitor.logs.columns.score: "score", prediction_column(monitor): "prediction", LABEL: "label"}
    if reference is not None and monitor.labels and isinstance(monitor.baseline, TrainingBaseline):
        label = monitor.labels.columns.label
        known = label in reference.columns
        reference = _chosen(reference, renamed | {label: "label"}) if known else None
    else:
        reference = None
    if monitor.labels is not None and not current.empty:
        quality = classification_report(
            _chosen(current, renamed),
            reference,
            threshold=monitor.logs.threshold,
            title=f"Classification quality: {about}",
        )
        if isinstance(quality, EvidentlyReport):
            pages["evidently_classification.html"] = quality.html
    return pages


def _chosen(rows: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Some columns under other names, without those of the log that have these names already."""
    present = {old: new for old, new in names.items() if old in rows.columns}
    return rows[list(present)].rename(columns=present)

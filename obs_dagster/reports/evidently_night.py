"""Evidently's reports of one version on one day: sampled rows against a sample of the baseline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.evaluation.sampling import sample_baseline, sample_day
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.data import Labels
from obs_dagster.monitor.elsewhere import no_sample
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.monitor.task import outputs
from obs_dagster.reports.drift_page import drift_report
from obs_dagster.reports.evidently import EvidentlyReport, NoReport
from obs_dagster.reports.quality_pages.sampled import Sampled
from obs_dagster.tasks.protocol import quality_page, task_of

if TYPE_CHECKING:
    import pandas as pd


def is_due(monitor: Monitor, day: dt.date) -> bool:
    """Whether the day is one for which the monitor asks for Evidently's reports, which need rows."""
    return not no_sample(monitor) and (day - monitor.start).days % monitor.reports.evidently_every_days == 0


@dataclass(frozen=True, slots=True)
class VersionPages:
    """Evidently's pages of one version and day.

    Attributes:
        html: by file name.
        remarks: what they do not show, and why; sentences without a full stop.
    """

    html: dict[str, str]
    remarks: list[str]


@reads_rows
def evidently_pages(monitor: Monitor, day: dt.date, version: str, lake: Lake) -> VersionPages:
    """Evidently's pages; one that cannot be made does not keep the other from being made."""
    rows = monitor.reports.evidently_sample
    current = sample_day(monitor, day, version, lake, rows)
    baseline = sample_baseline(monitor, version, lake, rows)
    about = f"{monitor.model} version {version}, {day}"
    pages = VersionPages({}, [])
    if current.empty:
        return pages
    if baseline is not None:
        _add(pages, "drift", lambda: _drift(monitor, baseline, current, about))
    labels, name = monitor.labels, quality_page(task_of(monitor))
    if labels is not None and name:
        _add(pages, name, lambda: _quality(monitor, labels, baseline, current, about))
    return pages


def _add(pages: VersionPages, name: str, make: Callable[[], EvidentlyReport | NoReport]) -> None:
    try:
        report = make()
    except Exception as error:  # noqa: BLE001 - Evidently, and what it calls, fail on rare data in rare ways
        lines = str(error).strip().splitlines()
        told = f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
        pages.remarks.append(f"Evidently's {name} page could not be made ({told})")
        return
    if isinstance(report, EvidentlyReport):
        pages.html[f"evidently_{name}.html"] = report.html
        refused = ", ".join(f"{column} ({why})" for column, why in report.refused.items())
        if refused:
            pages.remarks.append(f"Evidently's {name} page leaves out {refused}")
    elif report.failed:
        pages.remarks.append(f"Evidently's {name} page could not be made ({report.reason})")


def _drift(
    monitor: Monitor, baseline: pd.DataFrame, current: pd.DataFrame, about: str
) -> EvidentlyReport | NoReport:
    features, put_out = monitor.features, outputs(monitor)
    return drift_report(
        baseline,
        # the rows' order is drawn
        current.sort_values(monitor.logs.columns.time, kind="stable"),
        [name for name, feature in features.items() if feature.numeric]
        + [each.column for each in put_out if each.kind in ("score", "number")],
        [name for name, feature in features.items() if not feature.numeric]
        + [each.column for each in put_out if each.kind == "category"],
        title=f"Data drift: {about}",
        most=monitor.reports.evidently_columns,
        leading=[each.column for each in put_out if each.leads],
    )


def _quality(
    monitor: Monitor, labels: Labels, baseline: pd.DataFrame | None, current: pd.DataFrame, about: str
) -> EvidentlyReport | NoReport:
    """How right the version was, by the page that its task names."""
    if baseline is None or not baseline_of(monitor).labelled or labels.columns.label not in baseline.columns:
        baseline = None
    kind = import_module(f"obs_dagster.reports.quality_pages.{quality_page(task_of(monitor))}")
    report: EvidentlyReport | NoReport = kind.page(Sampled(monitor, labels, current, baseline, about))
    return report

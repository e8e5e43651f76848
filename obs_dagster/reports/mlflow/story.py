"""What a run says about itself in MLflow: a short description in Markdown."""

from __future__ import annotations

import html

from obs_dagster.changes.words import between, told
from obs_dagster.links import TRACE_PREFIX, run_fragment, trace_fragment
from obs_dagster.reports.mlflow.trend_view import trend_view_link
from obs_dagster.reports.mlflow.version_report import TRACE_TAG, VersionReport
from obs_dagster.telemetry.traces import destinations

_EVIDENCE = 8
"""Numbers of a verdict that are told; all are on the health page."""

_COLUMNS = 5
"""Columns that moved which are told; the health page has all."""


def run_link(experiment: str, run: str, text: str) -> str:
    """A link within MLflow's UI that works wherever it is served."""
    return f"[{text}]({run_fragment(experiment, run)})"


def night_story(report: VersionReport, experiment: str, trend: str) -> str:
    """The verdict of the night, its evidence, and the way to the trend and the reports."""
    lines = [_headline(report), "", *_moved(report), *_evidence(report)]
    remarks = (*report.remarks, *report.last.remarks)
    if remarks:
        lines += [*(f"- {_plain(remark)}." for remark in remarks), ""]
    if not report.settled:
        lines += ["Labels are still arriving: what depends on them follows when they are complete.", ""]
    ways = [run_link(experiment, trend, f"Trend of version {_plain(report.version)}")]
    ways += [f"[{name}]({url})" for name, url in report.links.items()]
    if trace := kept_there(report):
        ways.append(f"[Trace]({trace_fragment(experiment, trace)})")
    lines.append(f"{' · '.join(ways)}. All {len(report.records):,} numbers are under *Artifacts*.")
    return "\n".join(lines)


def kept_there(report: VersionReport) -> str:
    """The night's trace, by MLflow's own id, if it is kept in MLflow; else empty."""
    trace = report.tags.get(TRACE_TAG, "")
    return f"{TRACE_PREFIX}{trace}" if trace and "mlflow" in destinations() else ""


def trend_story(report: VersionReport, experiment: str, night: str) -> str:
    """How the version stands after its latest night."""
    when = run_link(experiment, night, report.day.isoformat())
    charts = trend_view_link(experiment, "Charts of all versions over dates")
    steps = (
        "In other charts the step is the number of days since 1970: choose *Time (wall)* as the x-axis. "
        "One point per day; what depends on labels appears when they are complete."
    )
    lines = [_headline(report), "", *_moved(report), *_evidence(report)]
    lines += [f"As of {when}, with its reports under *Artifacts*.", "", f"{charts}. {steps}"]
    return "\n".join(lines)


def version_story(report: VersionReport, experiment: str, trend: str, night: str) -> str:
    """How a registered version does in production."""
    when = run_link(experiment, night, report.day.isoformat())
    trends = run_link(experiment, trend, "its trend")
    lines = [
        _headline(report),
        "",
        *_moved(report),
        *_evidence(report),
        f"In production as of {when}; {trends}.",
    ]
    return "\n".join(lines)


def _headline(report: VersionReport) -> str:
    """The verdict, first of all: lists show the beginning of a description."""
    verdict = report.verdict
    return f"**{verdict.status.capitalize()}**: {_plain(verdict.sentence)}."


def _evidence(report: VersionReport) -> list[str]:
    """The first numbers that the verdict rests on, as a table; MLflow leaves no room between columns."""
    rows = [("evidence", "value", "95 % interval", "rows", "over")]
    rows += [
        (_plain(each.name), each.shown, each.uncertainty, f"{each.n:,}", each.covers)
        for each in report.verdict.evidence[:_EVIDENCE]
    ]
    head, *lines = (f"| {' | '.join(f'{cell} &nbsp;' for cell in row)} |" for row in rows)
    return [head, f"|{' --- |' * len(rows[0])}", *lines, ""] if lines else []


def _moved(report: VersionReport) -> list[str]:
    """The columns that moved, in the values' own terms."""
    moved = [
        f"- **{_plain(change.subject)}**: {_plain(told(change))} ({between(change)})"
        for change in report.verdict.moved[:_COLUMNS]
    ]
    return [*moved, ""] if moved else []


def _plain(text: str) -> str:
    """Text that Markdown and HTML leave alone."""
    return html.escape(text, quote=False).replace("|", "&#124;").replace("](", "]&#40;")

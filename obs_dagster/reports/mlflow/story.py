"""What a run says about itself in MLflow: a short description in Markdown."""

from __future__ import annotations

import html

from obs_dagster.reports.mlflow.trend_view import trend_view_link
from obs_dagster.reports.mlflow.version_report import VersionReport


def run_link(experiment: str, run: str, text: str) -> str:
    """A link within MLflow's UI that works wherever it is served."""
    return f"[{text}](#/experiments/{experiment}/runs/{run})"


def night_story(report: VersionReport, experiment: str, trend: str) -> str:
    """The verdict of the night, its evidence, and the way to the trend and the reports."""
    lines = [_headline(report), ""]
    if report.verdict.evidence:
        lines += ["| evidence | value | 95 % interval | rows |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {_plain(item.name)} | {item.shown} | {item.uncertainty or ' '} | {item.n:,} |"
            for item in report.verdict.evidence
        ]
        lines.append("")
    remarks = (*report.remarks, *report.last.remarks)
    if remarks:
        lines += [*(f"- {_plain(remark)}." for remark in remarks), ""]
    if not report.settled:
        lines += ["Labels are still arriving: what depends on them follows when they are complete.", ""]
    lines.append(run_link(experiment, trend, f"Trend of version {_plain(report.version)}"))
    return "\n".join(lines)


def trend_story(report: VersionReport, experiment: str, night: str) -> str:
    """How the version stands after its latest night."""
    when = run_link(experiment, night, f"{report.day.isoformat()}")
    charts = trend_view_link(experiment, "Charts of all versions over dates")
    return (
        f"{_headline(report)}\n\n{charts}. In other charts the step is the number of days since 1970: choose "
        "*Time (wall)* as the x-axis.\n\n"
        f"As of {when}, with its reports under *Artifacts*. "
        "One point per day; what depends on labels appears when they are complete."
    )


def _headline(report: VersionReport) -> str:
    verdict = report.verdict
    return (
        f"**{_plain(report.model)} {_plain(report.version)} — {verdict.status}**: {_plain(verdict.sentence)}."
    )


def _plain(text: str) -> str:
    """Text that Markdown and HTML leave alone."""
    return html.escape(text, quote=False).replace("|", "&#124;").replace("](", "]&#40;")

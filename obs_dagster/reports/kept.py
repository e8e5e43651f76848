"""What is kept of a night's report beside MLflow: the verdicts in the store, and the page as a file."""

from __future__ import annotations

from pathlib import Path

from obs_dagster.history import History, VerdictRecord
from obs_dagster.lake.lake import replacing
from obs_dagster.links import health_page
from obs_dagster.reports.night_reports import NightReport


def keep_standing(model: str, report: NightReport, history: History, pages: Path | None) -> None:
    """Keep the verdicts of a night, and its health page where there is a folder for it.

    Args:
        model: the model's name.
        report: what is reported of the night.
        history: the store.
        pages: the folder of the pages; None for none.
    """
    day = report.day
    history.record_verdicts(
        model,
        day,
        [VerdictRecord(model, each.version, day, each.status, each.sentence) for each in report.verdicts],
    )
    if pages is not None:
        with replacing(pages / health_page(model, day)) as aside:
            aside.write_text(report.page, encoding="utf-8")

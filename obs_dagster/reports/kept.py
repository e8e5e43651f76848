"""What is kept of a night's report beside MLflow: the verdicts in the store, and the page as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from obs_dagster.history import History, VerdictRecord
from obs_dagster.lake.lake import replacing
from obs_dagster.links import health_page
from obs_dagster.reports.health.page import HealthInput, render_health
from obs_dagster.reports.mlflow.version_report import VersionReport
from obs_dagster.reports.version_reports import PAGE


def keep_standing(
    page: HealthInput, made: Sequence[VersionReport], history: History, pages: Path | None
) -> None:
    """Keep the verdicts of a night, and its health page where there is a folder for it.

    Args:
        page: what the health page shows.
        made: the reports of the night, which hold the page as it was drawn.
        history: the store.
        pages: the folder of the pages; None for none.
    """
    model, day = page.monitor.model, page.day
    history.record_verdicts(
        model,
        day,
        [VerdictRecord(model, each.version, day, each.status, each.sentence) for each in page.verdicts],
    )
    if pages is not None:
        drawn = next((found for each in made if (found := (each.artifacts or {}).get(PAGE))), None)
        with replacing(pages / health_page(model, day)) as aside:
            aside.write_text(drawn if isinstance(drawn, str) else render_health(page), encoding="utf-8")

"""`obs forget`: remove ids from everything that nights have made of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from jobs.cli.alert_acts import By, person
from jobs.cli.choice import find_monitor
from jobs.cli.completion import complete_model
from jobs.cli.console import ERRORS, OUTPUT
from jobs.cli.failure import UsageError


def forget(
    ids: Annotated[
        list[str] | None, typer.Argument(help="The ids of predictions.", metavar="[ID]...")
    ] = None,
    *,
    model: Annotated[
        str, typer.Option("--model", help="The model that made them.", autocompletion=complete_model)
    ],
    file: Annotated[
        Path | None, typer.Option("--file", help="A file with an id a line, beside those that are named.")
    ] = None,
    by: By = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much there is.")] = False,
) -> None:
    """Remove ids from all that nights made of them, for good, and pass them over from now on."""
    from obs_dagster.erasure.forget import Erasure
    from obs_dagster.history import History
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings

    monitor, settings = find_monitor(model), Settings()
    every = [*(ids or ()), *_read(file)]
    if not every:
        raise UsageError("No id is named.", remedy="Name ids, or a file of them: obs forget ID --model MODEL")
    with History.open(settings.history_url) as history:
        erasure = Erasure(
            monitor, Lake(settings.lake_root), history, settings.reports, settings.root / "mlartifacts"
        )
        found = erasure.forget(every, by=person(by), now=dt.datetime.now(dt.UTC), dry_run=dry_run)
    verb = "would be removed" if dry_run else "are removed"
    days = f" of {', '.join(found.days)}" if found.days else ""
    OUTPUT.print(
        f"{found.rows:,} rows of the log{days}, {found.labels:,} labels, {found.quarantined:,} rows in "
        f"quarantine and {found.samples:,} in samples {verb}; {found.pages:,} pages and "
        f"{found.texts:,} records of nights, alerts and notifications mention{'' if dry_run else 'ed'} them. "
        "What Dagster and MLflow keep in databases of their own is not touched.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    if settings.tracking_uri:
        ERRORS.print(
            "Artifacts that MLflow keeps elsewhere are not looked into: delete the runs of these days there "
            "if they show an id.",
            highlight=False,
            soft_wrap=True,
        )
    apart = monitor.fairness.held_apart
    if apart is not None:
        ERRORS.print(
            f"Attributes that are held apart ({apart.path}) are not ours: remove the person there. Counts by "
            "group name nobody, and stay.",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    if not dry_run:
        ERRORS.print(
            "The source still has what it had; nights pass it over. If a night ran meanwhile, do it again.",
            highlight=False,
            soft_wrap=True,
        )


def _read(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file} cannot be read ({error}).", remedy="Name a text file, an id a line."
        ) from error
    return [line.strip() for line in lines if line.strip()]

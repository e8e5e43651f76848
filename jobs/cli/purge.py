"""`obs purge`: remove what monitors keep no longer."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from jobs.cli.choice import readable_monitors, tell_faulty
from jobs.cli.completion import complete_model
from jobs.cli.console import ERRORS, OUTPUT


def purge(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            help="The models; left out: all.", metavar="[MODEL]...", autocompletion=complete_model
        ),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed; nothing is.")
    ] = False,
) -> None:
    """Remove what monitors keep no longer (`retention:`), as every night does at its end, for good."""
    from obs_dagster.history import History
    from obs_dagster.lake.lake import Lake
    from obs_dagster.retention.purge import Kept
    from obs_dagster.retention.purge import purge as purge_over
    from obs_dagster.settings import Settings

    settings, now = Settings(), dt.datetime.now(dt.UTC)
    readable = readable_monitors(models)
    found = 0
    with History.open(settings.history_url) as history:
        for monitor in readable.monitors.values():
            today = now.astimezone(monitor.zone).date()
            kept = Kept(monitor, Lake(settings.lake_root), history, settings.reports, today)
            for over in purge_over(kept, dry_run=dry_run):
                found += 1
                verb = "would be removed" if dry_run else "removed"
                OUTPUT.print(
                    f"{monitor.model}: {over.number:,} {over.noun} before {over.before} {verb} "
                    f"(retention.{over.kind})",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
    if not found:
        ERRORS.print("Nothing is kept longer than its monitor says.", highlight=False)
    tell_faulty(readable.faulty)

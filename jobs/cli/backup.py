"""`obs backup` and `obs restore`: the store, the lake, monitors and the key of pseudonyms, in one folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from jobs.cli.console import ERRORS, OUTPUT


def backup(
    to: Annotated[Path, typer.Argument(help="A folder that is not there yet.", metavar="TO")],
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Read all of it again and compare.")] = False,
) -> None:
    """Copy the store, the lake, monitors and the key of pseudonyms into a folder, while nights may run."""
    from obs_dagster.backup.make import make_backup
    from obs_dagster.settings import Settings

    made = make_backup(Settings(), to, dt.datetime.now(dt.UTC), verify=verify)
    size = sum(size for size, _ in made.files.values())
    checked = ", verified" if verify else ""
    _say(f"{to}: {len(made.files):,} files, {size / 1e6:,.1f} MB{checked}; revision {made.revision}.")
    if made.running:
        ERRORS.print(
            f"{len(made.running)} runs were at work. After a restore their nights are as if interrupted: run "
            "them again.",
            highlight=False,
            soft_wrap=True,
        )
    _say(
        f"MLflow is at {made.tracking_uri}, and has a backup of its own; the ids of its runs are in this one."
    )


def restore(
    source: Annotated[Path, typer.Argument(help="The folder of a backup.", metavar="FROM")],
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Only compare its files with what was written.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Put aside what is there already; nothing is deleted.")
    ] = False,
) -> None:
    """Restore a backup to where the settings say, which must be empty, and bring its store up to date."""
    from obs_dagster.backup.archive import Archive
    from obs_dagster.backup.restore import restore_backup
    from obs_dagster.backup.store import require_known
    from obs_dagster.settings import Settings

    if verify:
        found = Archive.read(source)
        require_known(found.revision)
        found.require_whole(source)
        _say(f"{source} of {found.made_at} is whole: {len(found.files):,} files.")
        return
    settings = Settings()
    restored = restore_backup(settings, source, dt.datetime.now(dt.UTC), force=force)
    found = restored.archive
    for path in restored.aside:
        _say(f"What was there is {path} now.")
    if restored.kept_monitors:
        _say(f"The monitors in {settings.monitors} stay; those of the backup are in {source / 'monitors'}.")
    _say(f"Restored what was saved at {found.made_at}: {len(found.files):,} files. `obs doctor` looks at it.")
    for model in restored.forgotten:
        _say(
            f"Ids of {model} were forgotten after the backup was made, and are in it: run its days again, "
            f"which passes them over, and what was put aside is yours to delete."
        )
    if found.running:
        _say("Nights ran while it was made; run the last ones again: they are as if interrupted.")


def _say(text: str) -> None:
    OUTPUT.print(text, markup=False, highlight=False, soft_wrap=True)

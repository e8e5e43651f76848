"""`obs init`: a monitor written from a sample of a log."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.check import inspect
from jobs.cli.console import ERRORS, OUTPUT, cell, table
from jobs.cli.failure import FAILED, UsageError
from jobs.cli.findings import print_findings
from jobs.cli.questions import asker
from jobs.cli.records import Format
from obs_dagster.permissions import as_started

if TYPE_CHECKING:
    from obs_dagster.discovery.draft import Asked, Draft
    from obs_dagster.monitor import Monitor

_NAME = r"[a-z][a-z0-9_]{0,62}"


def init(  # noqa: PLR0917  Typer reads them by name
    name: Annotated[str, typer.Argument(help="The model's name: small letters, digits, underscores.")],
    logs: Annotated[
        str, typer.Option(help="The log: a file, a folder, or a pattern in quotes.", metavar="PATH")
    ],
    labels: Annotated[str, typer.Option(help="The labels, likewise.", metavar="PATH")] = "",
    training: Annotated[
        str, typer.Option(help="Each version's training rows, likewise.", metavar="PATH")
    ] = "",
    task: Annotated[str, typer.Option(help="What kind of model it is.")] = "",
    time_zone: Annotated[str, typer.Option(help="Where its days begin and end.", metavar="ZONE")] = "",
    prediction_id: Annotated[str, typer.Option("--id", help="The column of the id.", metavar="COLUMN")] = "",
    time: Annotated[str, typer.Option(help="When the prediction was made.", metavar="COLUMN")] = "",
    version: Annotated[
        str, typer.Option("--version-column", help="The version of the model.", metavar="COLUMN")
    ] = "",
    score: Annotated[str, typer.Option(help="The score.", metavar="COLUMN")] = "",
    prediction: Annotated[str, typer.Option(help="The prediction.", metavar="COLUMN")] = "",
    latency: Annotated[str, typer.Option(help="The latency in milliseconds.", metavar="COLUMN")] = "",
    status: Annotated[str, typer.Option(help="How the request ended.", metavar="COLUMN")] = "",
    trace: Annotated[str, typer.Option(help="The id of the trace.", metavar="COLUMN")] = "",
    request: Annotated[str, typer.Option(help="Which rows were ranked together.", metavar="COLUMN")] = "",
    item: Annotated[str, typer.Option(help="What was ranked.", metavar="COLUMN")] = "",
    rank: Annotated[str, typer.Option(help="The position that it was served on.", metavar="COLUMN")] = "",
    treatment: Annotated[str, typer.Option(help="Whether a row was treated.", metavar="COLUMN")] = "",
    label: Annotated[str, typer.Option(help="The true value.", metavar="COLUMN")] = "",
    known_at: Annotated[str, typer.Option(help="When that became known.", metavar="COLUMN")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the monitor if it is there.")] = False,
) -> None:
    """Write a monitor from a sample of your logs, ready to run; then check it, and say what is next."""
    from obs_dagster.discovery.draft import Asked
    from obs_dagster.settings import Settings

    columns = {
        "prediction_id": prediction_id,
        "time": time,
        "version": version,
        "score": score,
        "prediction": prediction,
        "latency_ms": latency,
        "status": status,
        "trace_id": trace,
        "request": request,
        "item": item,
        "rank": rank,
        "treatment": treatment,
        "label": label,
        "known_at": known_at,
    }
    given = {role: column for role, column in columns.items() if column}
    file = _file(name, force=force)
    draft = _drafted(Asked(name, logs, labels, training, given, task, time_zone))
    _write(file, draft)
    _tell(draft, file)
    # the rules that every monitor has by default are counted, and told by `obs check`
    found = [each for each in inspect(_read(file), Settings()) if each.what != "default"]
    wrong = print_findings(found, Format.TABLE)
    _say_next(draft, file, wrong=wrong)
    if wrong:
        raise typer.Exit(FAILED)


def _file(name: str, *, force: bool) -> Path:
    """Where the monitor goes.

    Raises:
        UsageError: the name is none of a model, or the file is there and may not be replaced.
    """
    from obs_dagster.settings import Settings

    if not re.fullmatch(_NAME, name):
        raise UsageError(
            f"{name!r} is no name of a model.",
            remedy="Begin with a small letter, then small letters, digits and underscores: fraud_score.",
        )
    folder = Settings().monitors.expanduser().absolute()
    there = [file for ending in (".yaml", ".yml") if (file := folder / f"{name}{ending}").exists()]
    if there and not force:
        raise UsageError(
            f"{there[0]} is there already.", remedy="Choose another name, or replace it with --force."
        )
    return there[0] if there else folder / f"{name}.yaml"


def _drafted(asked: Asked) -> Draft:
    from obs_dagster.discovery.discover import discover
    from obs_dagster.discovery.error import DiscoveryError

    try:
        return discover(asked, asker())
    except DiscoveryError as error:
        raise UsageError(error.message, remedy=error.remedy) from error


def _write(file: Path, draft: Draft) -> None:
    """Write the monitor, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    from obs_dagster.discovery.writing import written
    from obs_dagster.lake.lake import replacing

    text = written(draft, file.parent, dt.datetime.now(dt.UTC).date())
    try:
        with as_started(), replacing(file) as aside:
            aside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}.", remedy="Set OBS_MONITORS to a folder that can."
        ) from error


def _tell(draft: Draft, file: Path) -> None:
    """Print what was recognised, and where it is written."""
    shown = table("", "", "")
    shown.show_header = False
    for key, choice in draft.choices.items():
        said = f" ({choice.option} says otherwise)" if choice.option else ""
        guess = "" if choice.sure else f"GUESS{said}: "
        shown.add_row(
            cell(key), cell(choice.value, "bold"), cell(guess + choice.why, "" if choice.sure else "yellow")
        )
    names = ", ".join(f"{each.name} ({each.type})" for each in draft.features)
    shown.add_row("features", cell(f"{len(draft.features)}", "bold"), cell(names))
    if draft.segments:
        shown.add_row(
            "segments",
            cell(f"{len(draft.segments)}", "bold"),
            cell(", ".join(each.name for each in draft.segments)),
        )
    for left in draft.left_out:
        shown.add_row("left out", cell(left.name), cell(left.why))
    OUTPUT.print(shown)
    if draft.layout.aside:
        some = f"{len(draft.layout.aside):,} other files are left aside, such as {draft.layout.aside[0]}"
        ERRORS.print(some, markup=False, highlight=False, soft_wrap=True)
    OUTPUT.print(f"\nWritten to {file}\n", markup=False, highlight=False, soft_wrap=True)


def _read(file: Path) -> Monitor:
    from obs_dagster.catalogue import monitor_of

    return monitor_of(file)


def _say_next(draft: Draft, file: Path, *, wrong: bool) -> None:
    OUTPUT.print("\nNext:", highlight=False)
    steps = [("look at the guesses and suggestions", str(file))] if wrong else []
    if wrong:
        steps.append(("once what is marked above is mended", f"obs check {draft.model}"))
    steps += [
        (
            "evaluate every day that there is",
            f"obs backfill {draft.model} --from {draft.first} --to {draft.last}",
        ),
        ("the health page of the last night", f"obs report {draft.model}"),
    ]
    for why, command in steps:
        OUTPUT.print(f"  # {why}", style="dim", markup=False, highlight=False, soft_wrap=True)
        OUTPUT.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)

"""`obs convert`: a monitor from a configuration of Evidently or NannyML."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from jobs.cli.console import ERRORS
from jobs.cli.failure import UsageError
from obs_dagster.permissions import as_started


def convert(
    file: Annotated[
        Path, typer.Argument(help="NannyML's configuration, or a report or mapping of Evidently.")
    ],
    model: Annotated[str, typer.Option(help="The model's name; left out: the file's.")] = "",
    output: Annotated[Path | None, typer.Option(help="Write to this file, if it is not there.")] = None,
) -> None:
    """Print a monitor with the columns and rules of another tool's configuration."""
    from obs_dagster.migration import convert as converted

    name = model or re.sub(r"[^a-z0-9]+", "_", file.stem.lower()).strip("_") or "model"
    text, lost = converted(file, name)
    if output is None:
        sys.stdout.write(text)
    else:
        try:
            with as_started(), output.open("x", encoding="utf-8") as writing:
                writing.write(text)
        except OSError as error:
            raise UsageError(f"{output} cannot be written: {error.strerror}.") from error
        ERRORS.print(f"Wrote {output}.", markup=False, highlight=False)
    for each in lost:
        ERRORS.print(f"Not carried over: {each}.", markup=False, highlight=False)

"""`obs contract`: data contracts of the Open Data Contract Standard, out of monitors and into them."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.choice import Model, find_monitor
from jobs.cli.console import ERRORS, OUTPUT
from jobs.cli.failure import FAILED, UsageError
from jobs.cli.records import Format, FormatOption, emit
from obs_dagster.permissions import as_started

if TYPE_CHECKING:
    from obs_dagster.contracts.reading import Promises

app = typer.Typer(
    no_args_is_help=True,
    help="Data contracts of the Open Data Contract Standard (ODCS), out of monitors and in.",
)

File = Annotated[Path, typer.Argument(help="The contract, a YAML file of the standard's version 3.")]
Table = Annotated[str, typer.Option(help="Which of the contract's tables; left out: the only one.")]


@app.command("export")
def export(
    model: Model,
    version: Annotated[str, typer.Option(help="The contract's own version.")] = "1.0.0",
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Print what a monitor holds its log and labels to, as a data contract."""
    from obs_dagster.contracts.writing import contract_of

    text = contract_of(find_monitor(model), version=version).to_yaml()
    if output is None:
        sys.stdout.write(text)
        return
    try:
        with as_started():
            output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from error
    ERRORS.print(f"Wrote {output}.", markup=False, highlight=False)


@app.command("import")
def import_(
    file: File,
    table: Table = "",
    monitor: Annotated[
        str, typer.Option(help="A model: columns that play a role in its log are left out.")
    ] = "",
) -> None:
    """Print a contract's columns as the section `features` of a monitor."""
    roles: list[str] = []
    if monitor:
        from obs_dagster.sources.declared import declared_types

        found = find_monitor(monitor)
        roles = [name for name in declared_types(found) if name not in found.features]
    sys.stdout.write(_promises(file, table).text(without=roles))


@app.command("compare")
def compare(model: Model, file: File, table: Table = "", chosen: FormatOption = Format.TABLE) -> None:
    """Say where a monitor and a contract differ; the exit code is 1 if they do."""
    from obs_dagster.contracts.comparing import differences

    found = differences(find_monitor(model), _promises(file, table))
    if found or chosen is not Format.TABLE:
        emit([asdict(each) for each in found], ["column", "what", "monitor", "contract"], chosen)
    else:
        OUTPUT.print(f"{model} and {file} say the same of every column.", markup=False, highlight=False)
    if found:
        raise typer.Exit(FAILED)


def _promises(file: Path, table: str) -> Promises:
    from obs_dagster.contracts.document import read_contract, table_of
    from obs_dagster.contracts.reading import promises_of

    return promises_of(table_of(read_contract(file), file, table))

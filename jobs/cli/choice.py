"""Turns what was typed into what there is: a model into its monitor, a name into one of those there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.completion import complete_model, complete_version
from jobs.cli.failure import UsageError, explain

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor
    from obs_dagster.monitor.loading import Faulty, Readable


Model = Annotated[
    str,
    typer.Argument(
        help="The model, as its monitor names it.", metavar="MODEL", autocompletion=complete_model
    ),
]
OnlyModel = Annotated[str | None, typer.Option(help="Only of this model.", autocompletion=complete_model)]
OnlyVersions = Annotated[
    list[str] | None,
    typer.Option(help="Only of this version (repeatable).", autocompletion=complete_version),
]


def find_monitor(model: str) -> Monitor:
    """The monitor of a model, from the folder that the settings name.

    Raises:
        MonitorError: a monitor file is wrong.
        UsageError: no monitor is of this model; the error lists those that are.
    """
    from obs_dagster.catalogue import monitors_of
    from obs_dagster.settings import Settings

    folder = Settings().monitors
    monitors: Mapping[str, Monitor] = monitors_of(folder, models=[model])
    require(model, monitors, f"model in {folder.absolute()}")
    return monitors[model]


def readable_monitors(models: Collection[str] | None = None) -> Readable:
    """All monitors of the folder that the settings name, as far as their files are right.

    Args:
        models: whose are wanted; left out: all.

    Raises:
        MonitorError: the folder cannot be read.
        UsageError: there is no monitor of a model that is wanted, not even a wrong one.
    """
    from obs_dagster import catalogue
    from obs_dagster.settings import Settings

    folder = Settings().monitors
    found = catalogue.readable_monitors(folder, models=models)
    known = {*found.monitors, *(each.model for each in found.faulty)}
    for model in models or ():
        require(model, known, f"model in {folder.absolute()}")
    return found


def tell_faulty(faulty: Sequence[Faulty]) -> None:
    """Say what is wrong with monitor files, after all else was done.

    Raises:
        typer.Exit: there are some, with the exit code of bad usage.
    """
    if faulty:
        from obs_dagster.monitor import MonitorError

        raise typer.Exit(explain(MonitorError(problem for each in faulty for problem in each.problems)))


def require(name: str, names: Collection[str], kind: str) -> None:
    """Complain unless the name is one of those there are.

    Raises:
        UsageError: it is not; the remedy gives the nearest, and all.
    """
    from obs_dagster.monitor import named

    try:
        named.require(name, names, kind)
    except named.UnknownNameError as error:
        raise UsageError(error.message, remedy=error.remedy) from None

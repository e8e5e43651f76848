"""Turns what was typed into what there is: a model into its monitor, a name into one of those there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.completion import complete_model
from jobs.cli.failure import UsageError

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor


Model = Annotated[
    str,
    typer.Argument(
        help="The model, as its monitor names it.", metavar="MODEL", autocompletion=complete_model
    ),
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

"""What a person sees when a command cannot do its work, and the exit code that says so to a script."""

from __future__ import annotations

import os
import traceback

from jobs.cli.console import ERRORS
from obs_dagster.errors import ObsError, SettingsError
from obs_dagster.secrets import scrub

FAILED = 1
"""Something is firing, or did not work."""

BAD_USAGE = 2
"""The command line, a setting or a monitor file is wrong; nothing ran."""


class UsageError(ObsError):
    """The command line asks for what there is not: a model, a day, a metric."""


def shows_traces() -> bool:
    """Whether the reader wants to see where an error happened: `OBS_DEBUG=1`."""
    return os.environ.get("OBS_DEBUG") == "1"


def explain_unforeseen(error: Exception) -> int:
    """The same for an exception that is not the project's own: a fault of storage, or one of a program."""
    from obs_dagster.settings import Settings
    from obs_dagster.storage_fault import storage_fault

    said = str(error).strip()
    told: ObsError = storage_fault(error, Settings().root) or ObsError(
        f"{type(error).__name__}: {said}" if said else f"{type(error).__name__}.",
        remedy="This was not foreseen: OBS_DEBUG=1 shows where it happened; report it with that output.",
    )
    told.__cause__ = error
    return explain(told)


def explain(error: ObsError) -> int:
    """Print message and remedy to standard error; with `OBS_DEBUG=1` also where it happened.

    Returns:
        The exit code.
    """
    from obs_dagster.monitor.problem import MonitorError

    if shows_traces():
        trace = scrub("".join(traceback.format_exception(error)))
        ERRORS.print(trace, markup=False, highlight=False, soft_wrap=True)
    ERRORS.print("error: ", style="bold red", end="")
    ERRORS.print(error.message, markup=False, highlight=False, soft_wrap=True)
    if error.remedy:
        ERRORS.print("remedy: ", style="bold", end="")
        ERRORS.print(error.remedy, markup=False, highlight=False, soft_wrap=True)
    return BAD_USAGE if isinstance(error, UsageError | MonitorError | SettingsError) else FAILED

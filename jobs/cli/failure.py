"""What a person sees when a command cannot do its work, and the exit code that says so to a script."""

from __future__ import annotations

import os

from jobs.cli.console import ERRORS
from obs_dagster.errors import ObsError

FAILED = 1
"""Something is firing, or did not work."""

BAD_USAGE = 2
"""The command line or a monitor file is wrong; nothing ran."""


class UsageError(ObsError):
    """The command line asks for what there is not: a model, a day, a metric."""


def explain(error: ObsError) -> int:
    """Print message and remedy to standard error; with `OBS_DEBUG=1` also where it happened.

    Returns:
        The exit code.
    """
    from obs_dagster.monitor.problem import MonitorError

    if os.environ.get("OBS_DEBUG") == "1":
        ERRORS.print_exception()
    ERRORS.print("error: ", style="bold red", end="")
    ERRORS.print(error.message, markup=False, highlight=False, soft_wrap=True)
    if error.remedy:
        ERRORS.print("remedy: ", style="bold", end="")
        ERRORS.print(error.remedy, markup=False, highlight=False, soft_wrap=True)
    return BAD_USAGE if isinstance(error, UsageError | MonitorError) else FAILED

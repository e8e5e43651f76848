"""The command line `obs`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from jobs.cli.interrupted import tell_interrupted


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command; ends the process with its exit code.

    The commands are imported here, since a process beside this one imports the module that began it as well.

    Args:
        argv: the arguments after the program's name; left out: the process's, which is the program's own.
    """
    try:
        from jobs.cli import app

        app.main(argv)
    except KeyboardInterrupt as error:
        sys.exit(tell_interrupted(error))

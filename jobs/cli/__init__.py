"""The command line `obs`."""

from jobs.cli.app import main

__all__ = ["main"]

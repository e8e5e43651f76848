"""The log as it is set up for a process, and as it was afterwards."""

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator

import pytest
import structlog

from obs_dagster.telemetry.logs import configure


class Written(io.StringIO):
    """Standard error of a test."""

    @property
    def lines(self) -> list[dict]:
        """What was written, as JSON."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Written]]:
    """Sets the log up with variables of the environment; gives what is written to standard error."""
    root = logging.getLogger()
    before = (root.level, list(root.handlers), warnings.showwarning)

    def set_up(**environ: str) -> Written:
        written = Written()
        configure(environ, stream=written)
        return written

    yield set_up
    for each in list(root.handlers):
        root.removeHandler(each)
        each.close()
    root.level, root.handlers[:], warnings.showwarning = before
    structlog.reset_defaults()

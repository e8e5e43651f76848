import io
import re

import pytest
from rich.console import Console

from jobs.cli import stages
from jobs.cli.stages import StageProgress
from jobs.execution import StageEvent


@pytest.fixture(params=[False, True], ids=["file", "terminal"])
def console(request, monkeypatch):
    """What stands in for standard error."""
    console = Console(file=io.StringIO(), force_terminal=request.param, width=100)
    monkeypatch.setattr(stages, "ERRORS", console)
    monkeypatch.setattr(stages, "_TELL_EVERY", 0.0)
    return console


def events():
    yield StageEvent("drift", "started", 2)
    for done in (1, 40):
        yield StageEvent("drift", "going", 2, done, 41)
    yield StageEvent("drift", "done", 2)
    yield StageEvent("alerts", "started", 2)
    yield StageEvent("alerts", "failed", 2)


def test_days_are_lines_in_a_file_and_a_bar_on_a_terminal(console):
    with StageProgress("loan_default, 2024-01-01 to 2024-02-10") as shown:
        for event in events():
            shown.update(event)
            shown._bar.refresh()
    told = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console.file.getvalue())
    assert "✓ drift" in told
    assert "✗ alerts" in told
    assert ("drift: 40 of 41 days" in told) is not console.is_terminal
    assert ("40/41" in told) is console.is_terminal

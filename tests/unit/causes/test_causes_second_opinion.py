"""Another program is asked as data, is given no secret, and may fail in every way."""

from __future__ import annotations

import stat

import numpy as np
import pytest

from bench.causes.world import as_nights
from obs_dagster.causes.asked import Asked, Question
from obs_dagster.causes.second_opinion import SecondOpinionError, second_opinion
from tests.unit.causes.test_causes_asked import ERRORS, LOST, NAMES, OUTAGES, nights


@pytest.fixture
def asked():
    states = nights(outages=OUTAGES, errors=ERRORS, lost=LOST)
    tonight = np.zeros((1, len(NAMES)), dtype=np.int8)
    tonight[0, [NAMES.index(name) for name in ("service", "data_quality", "performance")]] = 1
    every = as_nights(np.concatenate([states, tonight]))
    return Asked("m", every, Question(every.days[-1], every.days[-1], "performance"))


@pytest.fixture
def python(tmp_path):
    """An interpreter of somebody's, which does what a script says."""

    def python(script):
        file = tmp_path / "python"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return str(file)

    return python


def test_it_gets_the_question_and_no_secret(asked, python, tmp_path, monkeypatch):
    monkeypatch.setenv("OBS_DATABASE_URL", "postgresql://user:hunter2@host/db")
    answer = '{"program": "DoWhy 9", "causes": {"service": {"chance": 0.75, "chance_otherwise": 0.125}}}'
    found = second_opinion(asked, python(f"cat > {tmp_path}/asked; env > {tmp_path}/env; echo '{answer}'"))
    assert (found.program, found.chances) == ("DoWhy 9", {"service": (0.75, 0.125)})
    assert ("service", "data_quality") in found.edges
    assert '"last": "performance"' in (tmp_path / "asked").read_text()
    assert "hunter2" not in (tmp_path / "env").read_text()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'ModuleNotFoundError: No module named dowhy' >&2; exit 1", "No module named dowhy"),
        ("echo nonsense", "no answer that can be read"),
        ("echo '{}'", "no answer that can be read"),
        ("exit 3", "it said nothing"),
    ],
)
def test_what_goes_wrong_is_said(asked, python, script, said):
    with pytest.raises(SecondOpinionError, match=said):
        second_opinion(asked, python(script))


def test_an_interpreter_that_is_not_there_is_named(asked, tmp_path):
    with pytest.raises(SecondOpinionError, match="cannot be started"):
        second_opinion(asked, str(tmp_path / "nobody"))

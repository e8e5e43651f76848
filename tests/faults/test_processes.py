"""What hangs says where, and is tried once again."""

import time

import pytest

from tests.faults import processes
from tests.faults.processes import apart


def _stand_still():
    time.sleep(60)


def test_what_hangs_says_where(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 2.0)
    monkeypatch.setattr(processes, "_TOLD_BEFORE", 1.5)
    place = tmp_path / "world"
    place.mkdir()
    with pytest.raises(TimeoutError, match=r"hung for 2.0 s:(.|\n)*_stand_still"):
        apart(_stand_still, place)

"""The end of a night sends, and nothing of it stops the night."""

import subprocess
import sys

import pytest

from assets.exports import send_samples
from assets.resources import Platform
from obs_dagster.errors import HistoryError
from obs_dagster.history import History


@pytest.fixture
def platform(tmp_path, monkeypatch):
    (tmp_path / "monitors").mkdir()
    for name, place in (("OBS_HOME", tmp_path), ("OBS_MONITORS", tmp_path / "monitors")):
        monkeypatch.setenv(name, str(place))
    return Platform()


def test_each_place_has_a_row_with_what_it_took(platform, tmp_path, monkeypatch):
    monkeypatch.setenv("OBS_EXPORTS", f"textfile://{tmp_path}/obs.prom gopher://x")
    with platform.history() as history:
        took, failed = send_samples(platform, history)
    assert (took["place"], took["error"]) == (f"textfile://{tmp_path}/obs.prom", "")
    assert took["samples"] > 0
    assert "Its scheme is none of" in failed["error"]


def test_without_a_place_nothing_is_done(platform, monkeypatch):
    monkeypatch.delenv("OBS_EXPORTS", raising=False)
    assert send_samples(platform, None) == []


def test_a_store_that_fails_by_then_is_a_row_and_no_error(platform, monkeypatch):
    monkeypatch.setenv("OBS_EXPORTS", "graphite://127.0.0.1:9")

    def broken(_self):
        raise HistoryError("it is gone")

    monkeypatch.setattr(History, "reading", broken)
    with platform.history() as history:
        (row,) = send_samples(platform, history)
    assert row["error"] == "HistoryError: it is gone"


def test_as_long_as_nothing_is_sent_nothing_of_it_is_loaded():
    program = (
        "import sys, assets.mlflow_report, jobs.sensors; "
        "off = ('obs_dagster.exports', 'prometheus_client'); "
        "print([name for name in sys.modules if name.startswith(off)])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

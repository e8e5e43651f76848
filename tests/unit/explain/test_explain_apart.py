"""Models in a process of their own: the same explanations, no secrets, and a night that outlives them."""

import datetime as dt
import os
import pickle
from functools import partial

import pytest

from obs_dagster.explain.apart import ConfinedError, environment, run_apart
from obs_dagster.explain.day import explain_days
from obs_dagster.explain.kept import explanation_files
from obs_dagster.explain.loading import fetch_version
from tests.unit.explain.confined_work import GB, Hostile, hog, read, refuse, sleep, work
from tests.unit.explain.test_explain_days import DAY, FEATURES, log_of, ready


def asked(*said, seconds=30, memory=4 * GB):
    return run_apart(partial(work, *said), seconds=seconds, memory=memory, with_key=False)


def test_answers_come_back_and_no_secret_goes_there(monkeypatch):
    monkeypatch.setenv("HOOK", "h00kPassw0rd")
    monkeypatch.setenv("OBS_DATABASE_URL", "postgresql://night:h1storyPassw0rd@db/obs")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken")
    seen, known = asked("plain", partial(read, "/proc/self/environ"))
    assert seen == [{"said": "plain"}]
    assert "PATH" in known[0]["said"]
    assert not any(each in known[0]["said"] for each in ("h00k", "h1story", "t0ken"))
    assert environment({"OBS_PII_KEY": "k", "PATH": "/"}, with_key=False) == {"PATH": "/"}


@pytest.mark.parametrize(
    ("does", "seconds", "why"),
    [
        (partial(os._exit, 3), 30, "exit code 3"),
        (partial(os.kill, 0, 9), 30, "signal SIGKILL"),
        (sleep, 5, "took longer than 5 seconds"),
        (hog, 30, "MemoryError"),
    ],
)
def test_whatever_a_process_does_is_an_error_of_its_own(does, seconds, why):
    answers = asked("plain", does, seconds=seconds, memory=2 * GB)
    assert next(answers) == [{"said": "plain"}]
    with pytest.raises(ConfinedError, match=why):
        next(answers)


def test_what_says_what_to_do_about_it_is_told_as_it_is():
    answers = asked("plain", refuse)
    assert next(answers) == [{"said": "plain"}]
    with pytest.raises(ConfinedError) as caught:
        next(answers)
    assert (caught.value.message, caught.value.remedy) == (
        "The version refuses the row.",
        "Look at its values.",
    )


@pytest.fixture
def world(small, registry, training):
    """A day of version 3, which is a pickle, and of version 2, which is none."""
    made = small(features=FEATURES, registry={"name": "delay", "trust": "pickle"}, labels=None)
    rows = training.iloc[:200]
    log_of(made, [rows, rows], registry, ["2", "3"])
    for version in ("2", "3"):
        made.write(f"training/{version}.parquet", training.assign(score=0.5, id=training.index, late=True))
    ready(made)
    return made


def test_a_pickle_is_explained_as_by_the_night_itself(world, small, registry):
    [(_, found)] = explain_days(world.monitor, [(DAY, ["2", "3"])], world.lake, registry)
    assert [(each.version, each.reason, each.rows > 0) for each in found] == [
        ("2", "", True),
        ("3", "", True),
    ]
    assert explanation_files(world.monitor, DAY, "3", world.lake)
    beside = world.monitor.registry.model_copy(update={"own_process": False})
    monitor = world.monitor.model_copy(update={"registry": beside})
    [(_, again)] = explain_days(monitor, [(DAY, ["2", "3"])], world.lake, registry)
    assert found == again


def test_a_pickle_that_ends_its_process_ends_no_night(world, registry, tmp_path):
    model = fetch_version("delay", "3", registry, tmp_path) / "model.pkl"
    sound = model.read_bytes()
    model.write_bytes(pickle.dumps(Hostile()))
    try:
        days = [(DAY, ["3"]), (DAY + dt.timedelta(days=1), ["3"])]
        found = dict(explain_days(world.monitor, days, world.lake, registry))
    finally:
        model.write_bytes(sound)
    assert all("died (exit code 7" in each.reason for of_day in found.values() for each in of_day)
    assert len(found) == 2

"""Kinds are found by place and entry point; what cannot be one is an error that says where it is from."""

import importlib
import re

import pytest

from obs_dagster.alerts.channels.registry import CHANNELS
from obs_dagster.alerts.heartbeats.registry import HEARTBEATS
from obs_dagster.explain.loading import ADAPTERS
from obs_dagster.kinds import KindError, Kinds, Place
from obs_dagster.monitor.baseline import BASELINES
from obs_dagster.monitor.engine import ENGINES
from obs_dagster.monitor.source import SOURCES
from obs_dagster.monitor.task import TASKS
from tests.extension import forget, install

ALL = {each.group: each for each in (TASKS, SOURCES, BASELINES, ENGINES, CHANNELS, HEARTBEATS, ADAPTERS)}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of packages; installs a kind of a stranger's there."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield lambda code: install(tmp_path, "stranger", {"stranger": code}, {"test.kinds": "stranger:KIND"})
    monkeypatch.undo()
    forget(["stranger"])


@pytest.fixture
def rooms(tmp_path, site):
    """A package with modules, of which two are kinds, and a package in it."""
    for name, text in {
        "__init__": "",
        "b": "KIND = __import__('types').SimpleNamespace(name='late')",
        "a": "KIND = __import__('types').SimpleNamespace(name='early')",
        "protocol": "x = 1",
        "deep/__init__": "",
        "deep/thing": "KIND = __import__('types').SimpleNamespace(name='deep')",
    }.items():
        path = tmp_path / f"rooms_of_kinds/{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    importlib.invalidate_caches()
    return Kinds("thing", "test.kinds", [Place("rooms_of_kinds", "KIND")])


def test_they_come_in_the_order_of_their_modules(rooms):
    assert list(rooms.all()) == ["early", "late"]


def test_a_module_within_a_package_may_be_the_place(rooms):
    found = Kinds("thing", "test.kinds", [Place("rooms_of_kinds", "KIND", "thing")])
    assert list(found.all()) == ["deep"]


def test_a_strangers_comes_after_ours(rooms, site):
    site("KIND = __import__('types').SimpleNamespace(name='another')")
    assert list(rooms.all()) == ["early", "late", "another"]


def test_an_unknown_one_is_answered_with_all(rooms):
    with pytest.raises(KindError, match=r"no thing 'x'\. Known: early, late\."):
        rooms.named("x")


def test_a_name_that_is_taken_is_an_error(rooms, site):
    site("KIND = __import__('types').SimpleNamespace(name='late')")
    with pytest.raises(KindError, match=r"'stranger' \(stranger:KIND\) registers the thing 'late'"):
        rooms.all()


def test_what_has_no_name_is_no_kind(rooms, site):
    site("KIND = 3")
    with pytest.raises(KindError, match=r"registers 3, which is no thing.*docs/extending\.md.*test\.kinds"):
        rooms.all()


@pytest.mark.parametrize("code", ["import nowhere_to_be_found", "1 / 0", "kind = 1"])
def test_what_cannot_be_imported_is_named(rooms, site, code):
    site(code)
    with pytest.raises(KindError, match=r"'stranger' \(stranger:KIND\) of test\.kinds cannot be loaded"):
        rooms.all()


def test_what_is_new_is_seen_once_the_old_is_forgotten(rooms, site):
    assert len(rooms.all()) == 2
    site("KIND = __import__('types').SimpleNamespace(name='another')")
    rooms.forget()
    assert len(rooms.all()) == 3


@pytest.mark.parametrize("kinds", ALL.values(), ids=ALL)
def test_ours_have_names_that_monitors_can_write(kinds):
    assert kinds.all()
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in kinds.all())

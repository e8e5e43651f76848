import os

import pytest

from obs_dagster.cores import CoresError, cores


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    """The process may run on eight cores, and the environment does not limit it."""
    monkeypatch.delenv("OBS_CORES", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def group(root, path, quota):
    """A control group of a machine whose files are below the root."""
    folder = root / "sys/fs/cgroup" / path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cpu.max").write_text(f"{quota}\n")


def member_of(root, path):
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(f"1:name=systemd:/other\n0::/{path}\n")


def test_it_is_the_cores_that_the_process_is_bound_to(tmp_path, monkeypatch):
    assert cores(tmp_path) == 8
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert cores(tmp_path) == 5


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be bound here")
def test_a_process_that_is_bound_to_one_core_has_one(monkeypatch):
    monkeypatch.undo()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("quotas", "expected"),
    [
        ({"pod/app": "150000 100000"}, 2),
        ({"pod/app": "5000 100000"}, 1),
        ({"pod/app": "max 100000"}, 8),
        ({"pod/app": "max 100000", "pod": "300000 100000"}, 3),
        ({"pod/app": "400000 100000", "pod": "600000 100000"}, 4),
        ({"": "200000 100000"}, 2),
        ({"elsewhere": "100000 100000"}, 8),
    ],
)
def test_the_least_quota_of_the_groups_around_it_counts(tmp_path, quotas, expected):
    member_of(tmp_path, "pod/app")
    for path, quota in quotas.items():
        group(tmp_path, path, quota)
    assert cores(tmp_path) == expected


@pytest.mark.parametrize(("value", "expected"), [("1", 1), ("3", 3), ("64", 8), ("", 8)])
def test_the_environment_can_only_lower_it(tmp_path, monkeypatch, value, expected):
    monkeypatch.setenv("OBS_CORES", value)
    assert cores(tmp_path) == expected


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_what_is_no_number_of_cores_is_refused_with_a_remedy(tmp_path, monkeypatch, value):
    monkeypatch.setenv("OBS_CORES", value)
    with pytest.raises(CoresError, match=f"OBS_CORES is '{value}'") as caught:
        cores(tmp_path)
    assert "1 or more" in caught.value.remedy

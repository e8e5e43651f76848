import os
import stat
import subprocess
import sys

import pytest

from obs_dagster import permissions
from obs_dagster.permissions import as_started, keep_private, open_as_started
from obs_dagster.settings import Settings


@pytest.fixture(autouse=True)
def mask(monkeypatch):
    monkeypatch.setattr(permissions, "_given", [])
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path):
    return oct(stat.S_IMODE(path.stat().st_mode))


def home_of_before(root):
    (root / "lake" / "model").mkdir(parents=True)
    (root / "dagster").mkdir()
    for name in ("history.db", "history.db-wal", "mlflow.db", "lake/model/data.parquet", "dagster/runs.db"):
        (root / name).write_text("x")
    return Settings(home=root)


def test_what_an_earlier_version_made_is_closed_once(tmp_path):
    settings = home_of_before(tmp_path / "home")
    changed = keep_private(settings)
    assert settings.root in changed
    for path in [settings.root, *settings.root.rglob("*")]:
        assert mode(path) == ("0o700" if path.is_dir() else "0o600"), path
    assert keep_private(settings) == []


def test_files_of_the_user_in_a_home_stay_and_so_does_the_home(tmp_path):
    settings = home_of_before(tmp_path / "home")
    (settings.root / "logs").mkdir()
    (settings.root / "logs" / "day.csv").write_text("x")
    keep_private(settings)
    assert mode(settings.root) == "0o755"
    assert mode(settings.root / "logs") == "0o755"
    assert mode(settings.root / "logs" / "day.csv") == "0o644"
    assert mode(settings.root / "lake") == "0o700"
    assert mode(settings.root / "history.db") == "0o600"


@pytest.mark.parametrize("shared", [0o775, 0o2755, 0o1777])
def test_a_home_that_is_shared_on_purpose_stays(tmp_path, shared):
    settings = home_of_before(tmp_path / "home")
    settings.root.chmod(shared)
    assert keep_private(settings) == []
    assert mode(settings.root) == oct(shared)
    assert mode(settings.root / "history.db") == "0o644"


def test_a_umask_of_the_user_s_own_lets_the_group_read(tmp_path):
    settings = home_of_before(tmp_path / "home").model_copy(update={"umask": "027"})
    keep_private(settings)
    assert mode(settings.root / "lake") == "0o750"
    (settings.root / "new").write_text("x")
    assert mode(settings.root / "new") == "0o640"


def test_a_file_that_the_user_asks_for_is_as_the_user_makes_files(tmp_path):
    keep_private(Settings(home=tmp_path / "home"))
    (tmp_path / "ours").write_text("x")
    with as_started():
        (tmp_path / "theirs").write_text("x")
    (tmp_path / "of_a_thread").write_text("x")
    open_as_started(tmp_path / "of_a_thread")
    assert mode(tmp_path / "of_a_thread") == "0o644"
    assert (mode(tmp_path / "ours"), mode(tmp_path / "theirs")) == ("0o600", "0o644")


def test_links_are_not_followed(tmp_path):
    settings = home_of_before(tmp_path / "home")
    outside = tmp_path / "outside"
    outside.write_text("x")
    (settings.root / "lake" / "link").symlink_to(outside)
    keep_private(settings)
    assert mode(outside) == "0o644"


def test_a_history_with_its_log_is_private(tmp_path):
    code = """
import os, sys
from obs_dagster.permissions import keep_private
from obs_dagster.settings import Settings
from obs_dagster.history import History
settings = Settings()
keep_private(settings)
with History.open(settings.history_url) as history, history.writing("m"):
    print([oct(each.stat().st_mode & 0o777) for each in settings.root.iterdir()])
"""
    environ = os.environ | {"OBS_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert set(eval(done.stdout)) == {"0o600"}  # noqa: S307  our own program's
    assert mode(tmp_path / "home") == "0o700"

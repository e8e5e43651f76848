"""The code location as Dagster's own programs load it."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environ(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OBS_", "MLFLOW_"))}
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return kept | {"OBS_HOME": str(tmp_path / "home"), "DAGSTER_HOME": str(tmp_path)}


def _validate(environ):
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"]
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False
    )


def test_dagster_accepts_the_workspace(environ, tmp_path):
    done = _validate(environ)
    assert done.returncode == 0, done.stderr
    assert "Validation successful" in done.stderr + done.stdout
    assert not (tmp_path / "home").exists(), "loading the definitions must not write anything"


def test_a_bad_monitor_is_said_where_dagster_loads_the_others(environ, tmp_path):
    folder = tmp_path / "monitors"
    folder.mkdir()
    good = (ROOT / "monitors" / "flight_delay.yaml").read_text()
    (folder / "bad.yaml").write_text(good.replace("metric: recall", "metric: recal"))
    done = _validate(environ | {"OBS_MONITORS": str(folder)})
    assert done.returncode == 0, done.stderr
    assert "monitor cannot be used" in done.stderr + done.stdout
    assert "bad.yaml" in done.stderr + done.stdout
    assert "recal" in done.stderr + done.stdout


def _imports(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_only_assets_and_jobs_know_dagster():
    files = sorted((ROOT / "obs_dagster").rglob("*.py"))
    assert files
    guilty = [
        (str(file.relative_to(ROOT)), name)
        for file in files
        for name in _imports(file)
        if name.split(".")[0] in ("dagster", "dagster_postgres", "assets", "jobs")
    ]
    assert guilty == []


def test_assets_do_not_know_jobs():
    files = sorted((ROOT / "assets").glob("*.py"))
    assert files
    assert [file.name for file in files if any(name.split(".")[0] == "jobs" for name in _imports(file))] == []

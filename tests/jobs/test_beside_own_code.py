"""Installed from the wheel, in the folder of a team that has an `assets` and a `jobs` of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 120
"""Seconds that a program may take."""
OWN = "assets.__file__, jobs.__file__"

TEAM = {
    "assets/__init__.py": "OWNER = 'team:theirs'\n",
    "jobs/__init__.py": "from assets import OWNER\n",
    "location.py": """
import dagster as dg
from jobs import OWNER

@dg.asset(owners=[OWNER])
def theirs() -> None: ...

defs = dg.Definitions(assets=[theirs])
""",
    "workspace.yaml": """
load_from:
  - python_file: {relative_path: location.py, location_name: theirs}
""",
}


@dataclass(frozen=True)
class Team:
    """A folder of code, on the path of all that starts there, and where the program is installed."""

    folder: Path
    programs: Path
    environ: dict[str, str]

    def done(self, program: str, *arguments: str) -> str:
        """Run a program there; what it printed."""
        done = subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def team(wheel, with_days, tmp_path):
    """An environment with the wheel; all other distributions are this one's."""
    environment, folder = tmp_path / "environment", tmp_path / "team"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    beside = sysconfig.get_path("purelib", vars={"base": str(environment), "platbase": str(environment)})
    rest = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(beside, "rest.pth").write_text("".join(f"{path}\n" for path in rest))
    install = ["pip", "install", "--quiet", "--offline", "--no-deps", "--python", str(python), str(wheel)]
    subprocess.run([Path(sys.executable).with_name("uv"), *install], check=True, timeout=PATIENCE)
    for name, text in TEAM.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Team(folder, python.parent, with_days.environ | {"PYTHONPATH": str(folder)})


def test_the_wheel_has_one_name_at_the_top(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"obs_dagster"}
    for package in ("assets", "jobs"):
        files = [file for file in (ROOT / package).rglob("*") if file.is_file() and file.suffix != ".pyc"]
        assert files
        assert {f"obs_dagster/{file.relative_to(ROOT).as_posix()}" for file in files} <= set(names)


@pytest.fixture
def renamed():
    found = spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    hook = module_from_spec(found)
    found.loader.exec_module(hook)
    return lambda source: hook.renamed(source.encode(), "jobs/some.py").decode()


def test_imports_of_the_packages_are_renamed_and_nothing_else(renamed):
    source = """
from assets import graph; from  jobs.cli import (
    main,
)
import assets.graph as one, assetsabc, os
def late(jobs):
    from jobs.nightly import job_name  # from jobs import é
    return jobs.first, "from assets import graph"
from . import jobs
from assets_of_others import jobs
"""
    assert (
        renamed(source)
        == """
from obs_dagster.assets import graph; from  obs_dagster.jobs.cli import (
    main,
)
import obs_dagster.assets.graph as one, assetsabc, os
def late(jobs):
    from obs_dagster.jobs.nightly import job_name  # from jobs import é
    return jobs.first, "from assets import graph"
from . import jobs
from assets_of_others import jobs
"""
    )


@pytest.mark.parametrize("source", ["import os, assets", "import jobs.cli", "from \\\njobs import cli"])
def test_an_import_that_would_bind_another_name_is_refused(renamed, source):
    with pytest.raises(ValueError, match=r"jobs/some\.py, line 1"):
        renamed(source)


def test_no_text_names_a_module_that_has_another_name_in_the_wheel():
    files = [file for package in ("assets", "jobs", "obs_dagster") for file in (ROOT / package).rglob("*.py")]
    named = re.compile(r"""["'](assets|jobs)(\.\w+)+[:.]?\w*["']""")
    assert [(file.name, found[0]) for file in files if (found := named.search(file.read_text()))] == []


def test_what_is_installed_takes_no_name_from_the_teams_code(team):
    printed = team.done("python", "-c", f"import assets, jobs, obs_dagster.jobs.definitions; print({OWN})")
    assert printed.split() == [str(team.folder / package / "__init__.py") for package in ("assets", "jobs")]


def test_a_night_runs_in_a_folder_with_packages_of_the_same_names(team):
    night = ["-j", "loan_default_nightly", "--tags", '{"dagster/partition": "2024-03-03"}']
    # with -m Dagster puts the folder first on the path of what it loads
    team.done("python", "-m", "dagster", "job", "execute", "-m", "obs_dagster.jobs.definitions", *night)
    found = team.done(
        "obs", "metrics", "loan_default", "--metric", "volume", "--segment", "*", "--format", "json"
    )
    assert [each["value"] for each in json.loads(found)] == [400]


def test_both_code_locations_load_side_by_side(team):
    workspaces = ["-w", str(ROOT / "deploy" / "workspace.yaml"), "-w", "workspace.yaml"]
    told = team.done("python", "-m", "dagster", "definitions", "validate", *workspaces)
    assert "Validation successful for code location obs-dagster" in told
    assert "Validation successful for code location theirs" in told

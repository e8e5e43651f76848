"""The rules of deploy/ as promtool sees them, where it is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
WHAT = {"check": "", "test": "-test"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize(
    "command",
    [
        [what, "rules", file.name]
        for what in WHAT
        for file in sorted(FOLDER.glob(f"*-rules{WHAT[what]}.yaml"))
    ],
    ids=" ".join,
)
def test_the_rules_are_sound_and_fire_when_they_should(command):
    done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

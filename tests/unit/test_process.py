import subprocess
import sys

import pytest


def end(code):
    """Run code in a process of its own; its exit code and what it printed."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_process_of_its_own_ends_with_its_code_after_all_other_handlers(code):
    program = f"""
import atexit, sys
from obs_dagster.process import own_process
ending = own_process()
atexit.register(print, "tidied up")
ending.code = {code}
print("done", end=" ")
"""
    assert end(program) == (code, "done tidied up\n", "")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [(["--version"], 0, "obs-dagster"), (["check", "no_such_model"], 2, ""), (["--no-such-option"], 2, "")],
)
def test_the_program_ends_with_the_code_of_its_command(arguments, code, told, tmp_path):
    program = f"import sys; sys.argv = ['obs', *{arguments!r}]; from jobs.cli import main; main()"
    found, output, errors = end(program)
    assert (found, told in output) == (code, True), errors

"""The command line without nights: usage, errors, documentation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import typer.main

from jobs.cli.app import app
from obs_dagster import __version__

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
DEMO = Path(__file__).parents[2] / "monitors" / "flight_delay.yaml"


def test_the_command_line_loads_nothing_heavy():
    heavy = ("dagster", "mlflow", "pandas", "evidently", "great_expectations", "sqlalchemy", "duckdb")
    assert _loaded("jobs.cli.app", heavy) == "[]"


def test_completions_load_nothing_heavy(home, monkeypatch):
    monkeypatch.setenv("OBS_MONITORS", str(home.monitors))
    program = (
        "import sys; from jobs.cli import completion; "
        "completion._stored('SELECT 1'); print([*completion.complete_model('')], "
        "sorted({'pydantic', 'numpy', 'sqlalchemy', 'dagster', 'yaml'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "['loan_default'] []\n"


def test_without_colour_nothing_is_an_escape_sequence(home):
    asked = (["--help"], ["run", "loan_defualt"])
    coloured = [home.obs(*args, FORCE_COLOR="1") for args in asked]
    assert all("\x1b" in done.stdout + done.stderr for done in coloured)
    plain = [home.obs(*args, FORCE_COLOR="1", NO_COLOR="1") for args in asked]
    assert not any("\x1b" in done.stdout + done.stderr for done in plain)


def test_a_process_beside_the_program_does_not_load_the_commands():
    assert _loaded("jobs.cli", ("jobs.cli.app", "typer", "rich")) == "[]"


def _loaded(module: str, others: tuple[str, ...]) -> str:
    """Which of some modules are loaded with one."""
    program = f"import sys, {module}; print([name for name in {others} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_every_command_is_documented():
    commands = []
    for name, command in typer.main.get_command(app).commands.items():
        commands += [f"{name} {sub}" for sub in getattr(command, "commands", {})] or [name]
    headings = re.findall(r"^## `obs (.+)`$", DOCS.read_text(), flags=re.MULTILINE)
    assert sorted(headings) == sorted(commands)


def test_every_option_is_documented():
    text = DOCS.read_text()
    root = typer.main.get_command(app)
    nested = [
        command for group in root.commands.values() for command in getattr(group, "commands", {}).values()
    ]
    options = {
        option
        for command in [*root.commands.values(), *nested]
        for each in command.params
        for option in each.opts
        if option.startswith("--")
    }
    assert options
    assert not {option for option in options if option not in text}


def test_version(home):
    assert home.obs("--version").stdout == f"obs-dagster {__version__}\n"


def test_schema_is_json(home):
    assert "features" in json.loads(home.obs("schema").stdout)["properties"]


def test_an_unknown_model_gets_the_nearest_name(home):
    done = home.obs("run", "loan_defualt", "--day", "2024-03-01")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean 'loan_default'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_day_outside_the_partitions_gets_the_legal_range(home):
    done = home.obs("run", "loan_default", "--day", "2024-04-01")
    assert done.returncode == 2
    assert "2024-03-01 to 2024-03-05" in done.stderr
    turned = home.obs("backfill", "loan_default", "--from", "2024-03-03", "--to", "2024-03-01")
    assert turned.returncode == 2
    assert "earlier day first" in turned.stderr


def test_a_malformed_day_is_bad_usage(home):
    done = home.obs("run", "loan_default", "--day", "1.3.2024")
    assert done.returncode == 2
    assert "YYYY-MM-DD" in done.stderr


def test_an_unknown_metric_gets_the_nearest_name(home):
    done = home.obs("metrics", "loan_default", "--metric", "recal")
    assert done.returncode == 2
    assert "'recall'" in done.stderr


def test_check_reports_every_mistake_of_every_file(home):
    (home.monitors / "one.yaml").write_text("model: one\ncolour: red\n")
    (home.monitors / "two.yaml").write_text("model: Two\n")
    done = home.obs("check")
    assert (done.returncode, done.stdout) == (2, "")
    assert "one.yaml" in done.stderr
    assert "colour" in done.stderr
    assert "two.yaml" in done.stderr


def test_files_that_are_not_there_yet_are_a_warning(home):
    done = home.obs("check", "loan_default", "--format", "json")
    found = {each["what"]: each for each in json.loads(done.stdout)}
    assert done.returncode == 0
    assert found["logs"]["status"] == found["labels"]["status"] == "warn"
    assert "no files yet (check the path" in found["logs"]["detail"]
    assert "day=*.parquet" in found["logs"]["detail"]
    assert found["monitor"]["status"] == "ok"


def test_a_file_that_cannot_be_read_fails_the_check(home):
    (home.root / "logs").mkdir()
    (home.root / "logs" / "day=2024-03-01.parquet").write_bytes(b"PAR1 and no more")
    done = home.obs("check", "loan_default", "--format", "json")
    found = {each["what"]: each for each in json.loads(done.stdout)}
    assert (done.returncode, found["logs"]["status"]) == (1, "fail")


def test_before_the_demo_the_check_says_what_writes_its_files(home):
    (home.monitors / "flight_delay.yaml").write_text(DEMO.read_text())
    done = home.obs("check", "flight_delay", "--format", "json")
    found = {each["what"]: each for each in json.loads(done.stdout)}
    assert done.returncode == 0
    for source in ("logs", "labels", "baseline"):
        assert found[source]["status"] == "warn"
        assert "`obs demo` writes them" in found[source]["detail"]


def test_doctor_on_a_fresh_home_is_content(home):
    done = home.obs("doctor")
    assert done.returncode == 0, done.stdout
    assert "made by the first night" in done.stdout


def test_doctor_tries_to_write(home):
    (home.root / "closed").mkdir()
    found = json.loads(home.obs("doctor", "--format", "json", OBS_HOME=str(home.root / "closed")).stdout)
    assert [each["status"] for each in found if each["what"] == "folder"] == ["ok", "ok"]
    # also where nobody, not even root, can write
    taken = home.obs("doctor", "--format", "json", OBS_HOME="/proc/obs")
    failed = [each["detail"] for each in json.loads(taken.stdout) if each["status"] == "fail"]
    assert taken.returncode == 1
    assert any(detail.startswith("The home folder /proc/obs (OBS_HOME) cannot be used") for detail in failed)


def test_doctor_hides_passwords_and_says_what_does_not_answer(home):
    url = "postgresql://obs:hush@127.0.0.1:9/obs"
    done = home.obs(
        *("doctor", "--format", "json"),
        OBS_DATABASE_URL=url,
        MLFLOW_TRACKING_URI="http://reader:hush@127.0.0.1:9",
    )
    assert done.returncode == 1
    assert "hush" not in done.stdout + done.stderr
    failed = [each["about"] for each in json.loads(done.stdout) if each["status"] == "fail"]
    assert failed == ["history", "mlflow"]


def test_a_failed_night_says_why_without_a_traceback(home):
    done = home.obs("run", "loan_default", "--day", "2024-03-01")
    assert done.returncode == 1
    assert "baseline: The baseline of loan_default has no rows" in done.stderr
    assert "Check `baseline` in the monitor" in done.stderr
    assert "Traceback" not in done.stderr


def test_debugging_shows_where_an_error_happened(home):
    assert "Traceback" in home.obs("alerts", "show", "nope", OBS_DEBUG="1").stderr


def test_the_demo_says_that_its_monitor_is_missing(home):
    done = home.obs("demo")
    assert done.returncode == 2
    assert "flight_delay.yaml does not exist" in done.stderr
    assert "OBS_MONITORS" in done.stderr


def test_a_contract_that_was_exported_agrees_until_somebody_changes_it(home):
    file = home.root / "contract.yaml"
    assert home.obs("contract", "export", "loan_default", "--output", str(file)).returncode == 0
    compared = ("contract", "compare", "loan_default", str(file), "--table", "inference_log")
    agreed = home.obs(*compared)
    assert (agreed.returncode, "say the same" in agreed.stdout) == (0, True)
    file.write_text(file.read_text().replace("logicalType: number", "logicalType: integer"))
    differs = home.obs(*compared, "--format", "json")
    assert differs.returncode == 1
    assert {"column": "income", "what": "type", "monitor": "number", "contract": "integer"} in json.loads(
        differs.stdout
    )

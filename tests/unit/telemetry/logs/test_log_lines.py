import logging
import os
import warnings

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from obs_dagster import workers
from obs_dagster.telemetry import logs, traces
from obs_dagster.telemetry.event import Event

SEEN = Event("obs_dagster.stages", "seen", "info", "For a test.", {"rows": "how many"})


def test_a_line_is_json_with_what_is_bound_around_it(log):
    written = log()
    with bound_contextvars(run_id="r", model="m", stage="drift", day="2024-03-04"):
        SEEN(rows=3)
    (line,) = written.lines
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "seen",
        "rows": 3,
        "level": "info",
        "logger": "obs_dagster.stages",
        "run_id": "r",
        "model": "m",
        "stage": "drift",
        "day": "2024-03-04",
    }


def test_a_line_names_its_trace_and_span(log, monkeypatch):
    monkeypatch.setenv("OBS_TRACES", "console")
    traces.forget()
    written = log()
    try:
        with traces.run_span("traced", "night"):
            SEEN()
            assert written.lines[0]["trace_id"] == traces.trace_of_run("traced")
            assert written.lines[0]["span_id"] == traces.traceparent().split("-")[2]
    finally:
        monkeypatch.undo()
        traces.forget()


def test_libraries_and_warnings_come_the_same_way(log):
    written = log()
    logging.getLogger("some.library").warning("%d of %d", 1, 2)
    logging.getLogger("urllib3").info("its whole life")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    library, python = written.lines
    assert (library["event"], library["logger"], library["level"]) == ("1 of 2", "some.library", "warning")
    assert (python["event"], python["category"], python["message"]) == (
        "python warning",
        "DeprecationWarning",
        "old",
    )
    assert "test_log_lines.py" in python["place"]


def test_no_secret_is_written_in_whatever_part(log, monkeypatch):
    monkeypatch.setenv("NIGHTLY_PASSWORD", "hunter2hunter2")
    written = log()
    SEEN(rows={"deep": ["hunter2hunter2"]})
    try:
        int("hunter2hunter2")
    except ValueError:
        structlog.get_logger("any").exception("failed")
    assert "hunter2" not in written.getvalue()
    assert "'***'" in written.lines[1]["exception"]


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, ["info", "warning"]),
        ({"OBS_LOG_LEVEL": "warning"}, ["warning"]),
        ({"OBS_LOG_LEVEL": "DEBUG"}, ["debug", "info", "warning"]),
        ({"OBS_LOG_STDERR_LEVEL": "ERROR"}, []),
        ({"OBS_LOG_LEVEL": "loud"}, ["info", "warning"]),
    ],
)
def test_levels(log, environ, told):
    written = log(**environ)
    for level in ("debug", "info", "warning"):
        structlog.get_logger("any").log(logging.getLevelNamesMapping()[level.upper()], "said")
    assert [line["level"] for line in written.lines] == told


def test_commands_leave_out_what_they_say_themselves_and_the_file_does_not(log, tmp_path, monkeypatch):
    for name in ("OBS_LOG_LEVEL", "OBS_LOG_STDERR_LEVEL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    logs.quiet_terminal()
    quiet = os.environ["OBS_LOG_STDERR_LEVEL"]
    file = tmp_path / "logs" / "obs.log"
    written = log(OBS_LOG_STDERR_LEVEL=quiet, OBS_LOG_FILE=str(file))
    SEEN.at(logging.ERROR)
    structlog.get_logger("obs_dagster.traces").warning("not said by a command")
    assert [line["event"] for line in written.lines] == ["not said by a command"]
    assert len(file.read_text().splitlines()) == 2
    logs.tell_all()
    assert "OBS_LOG_STDERR_LEVEL" not in os.environ


def _tell() -> None:
    SEEN(rows=9)


def test_lines_of_other_processes_are_in_the_file_with_what_is_bound_here(log, tmp_path, monkeypatch):
    file = tmp_path / "obs.log"
    monkeypatch.setenv("OBS_LOG_FILE", str(file))
    beside = workers.Workers(1)
    with bound_contextvars(run_id="r", model="m"):
        beside.begin(_tell)()
    beside.close()
    assert '"run_id": "r"' in file.read_text()
    assert '"rows": 9' in file.read_text()


def test_the_traceback_of_a_library_is_in_its_line_with_and_without_a_secret(log, monkeypatch):
    monkeypatch.setenv("NIGHTLY_PASSWORD", "hunter2hunter2")
    logs.hide_secrets()
    written = log()
    for text in ("hunter2hunter2", "damaged"):
        try:
            int(text)
        except ValueError:
            logging.getLogger("some.library").exception("failed")
    hidden, plain = written.lines
    assert hidden["exception"].endswith("invalid literal for int() with base 10: '***'")
    assert plain["exception"].endswith("'damaged'")

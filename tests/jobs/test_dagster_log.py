"""Dagster's lines come through the log of the processes that it starts for our code."""

import io
import json
import logging
import warnings

import dagster as dg
import pytest
import structlog
from dagster import _loggers
from dagster._utils.log import configure_loggers

from jobs.dagster_log import lead_dagster
from obs_dagster.telemetry.logs import configure


@pytest.fixture
def written(monkeypatch, capsys):
    """Standard error of a process of Dagster's that has loaded our definitions."""
    loggers = [logging.getLogger(name) for name in ("", "dagster", "dagster-webserver", "dagit")]
    before = [(each, each.level, list(each.handlers), each.propagate) for each in loggers]
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(_loggers, "create_console_logger", _loggers.create_console_logger)
    stream = io.StringIO()
    configure_loggers()
    configure({}, stream=stream)
    lead_dagster()
    yield stream
    for logger, level, handlers, propagate in before:
        logger.level, logger.handlers[:], logger.propagate = level, handlers, propagate
    structlog.reset_defaults()
    shown = capsys.readouterr()
    assert "dagster" not in shown.out + shown.err


def test_what_dagster_says_of_itself_is_said_once_and_from_info_on(written):
    logging.getLogger("dagster.code_server").info("Started Dagster code server")
    logging.getLogger("dagster.code_server").debug("a detail")
    logging.getLogger("dagster").warning("%d daemons", 2)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [(line["event"], line["logger"], line["level"]) for line in lines] == [
        ("Started Dagster code server", "dagster.code_server", "info"),
        ("2 daemons", "dagster", "warning"),
    ]


def test_lines_of_a_run_say_which_and_what_failed(written):
    @dg.op
    def stage(context):
        context.log.info("%d rows", 3)
        raise ValueError("damaged")

    @dg.job
    def night():
        stage()

    result = night.execute_in_process(raise_on_error=False)
    rows, *_, failed = map(json.loads, written.getvalue().splitlines())
    assert {name: rows[name] for name in ("event", "level", "run_id", "step")} == {
        "event": "3 rows",
        "level": "info",
        "run_id": result.run_id,
        "step": "stage",
    }
    assert failed["level"] == "error"
    assert "ValueError: damaged" in written.getvalue()
    assert "STEP_START" not in written.getvalue()

import io
import logging

import pytest
import structlog

from obs_dagster.telemetry.logs import configure
from obs_dagster.telemetry.logs.colour import wants_colour


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_a_terminal_is_in_colour_unless_the_reader_says_otherwise(stream, environ, wanted):
    assert wants_colour(stream, environ) is wanted


@pytest.fixture
def logged():
    """Logs to a terminal, and what it shows; logging is as it was afterwards."""
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    level = root.level

    def logged(environ, event, **values):
        configure(environ, stream=(shown := Terminal()))
        structlog.get_logger("here").warning(event, **values)
        return shown.getvalue()

    yield logged
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_the_log_has_no_escape_sequence_without_colour(logged):
    assert "\x1b" in logged({}, "said", key="value")
    assert "\x1b" not in logged({"NO_COLOR": "1"}, "said", key="value")


def test_what_has_several_lines_stands_below_the_line_as_it_is(logged):
    first, *others = logged({"NO_COLOR": "1"}, "said", body="one\ntwo  2", key="value").splitlines()
    assert "said" in first
    assert "key=value" in first
    assert others == ["    one", "    two  2"]

"""Every event of the program: declared once, used as declared, documented."""

import re
from collections import Counter
from pathlib import Path

import pytest

from obs_dagster.telemetry.logs.reference import declared, written

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "docs" / "logging.md"
EVENTS = declared()


def test_the_page_lists_all_events_as_they_are():
    page = PAGE.read_text()
    assert written(page, EVENTS) == page, "python -m obs_dagster.telemetry.logs.reference"


def test_names_are_told_apart():
    assert [name for name, times in Counter(each.name for each in EVENTS).items() if times > 1] == []


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: each.name)
def test_an_event_is_used_as_it_is_declared(event):
    assert re.fullmatch(r"[a-z ]+", event.name)
    assert event.level in ("debug", "info", "warning", "error")
    assert event.logger.startswith("obs_dagster.")
    assert event.uses, "nobody tells it"
    for keys in event.uses:
        if keys is not None:
            assert set(keys) <= event.keys.keys()


def test_nothing_is_told_that_is_not_declared():
    told = re.compile(r"structlog\.get_logger\(|getLogger\(__name__\)|warnings\.warn\(")
    found = [
        str(file.relative_to(ROOT))
        for folder in ("obs_dagster", "assets", "jobs")
        for file in (ROOT / folder).rglob("*.py")
        # a service is not this program: its library's own log is that of whoever uses it
        if "serving" not in file.parts and told.search(file.read_text())
    ]
    assert found == ["obs_dagster/telemetry/event.py"]

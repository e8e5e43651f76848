"""What the metadata of `alerts` says of where it began."""

import datetime as dt

from assets.causes import began
from obs_dagster.catalogue import monitor_of
from obs_dagster.history import History
from tests.outages import LAST, MONITOR, write_nights


def test_it_is_told_of_a_night_on_which_something_was_off_and_of_no_other(tmp_path):
    file = tmp_path / "loan_default.yaml"
    file.write_text(MONITOR, encoding="utf-8")
    monitor = monitor_of(file)
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        write_nights(history, monitor)
        told = began(monitor, history, LAST)
        quiet = began(monitor, history, LAST - dt.timedelta(days=1))
    text = told["causes across components"].value
    assert text.startswith(f"- Performance was off on {LAST}: ")
    assert "- It most likely began with service health (" in text
    assert quiet == {}

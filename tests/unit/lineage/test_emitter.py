"""Events are sent in order beside the night; whoever does not answer costs it next to nothing."""

import threading

import pytest
from structlog.testing import capture_logs

from obs_dagster.lineage import emitter as module
from obs_dagster.lineage.emitter import Emitter, emitter
from obs_dagster.lineage.switch import lineage_wanted


class Client:
    """Sends what it is given, unless it fails or waits."""

    def __init__(self, *, error=None, until=None):
        self.sent, self.tried, self.error, self.until = [], 0, error, until

    def emit(self, event):
        self.tried += 1
        if self.until is not None:
            self.until.wait()
        if self.error is not None:
            raise self.error
        self.sent.append(event)


def test_events_are_sent_in_their_order():
    client = Client()
    sending = Emitter(client)
    for number in range(50):
        sending.emit(number)
    assert sending.settle(10)
    assert client.sent == list(range(50))


def test_one_that_fails_does_not_keep_the_next_from_being_sent():
    client = Client(error=OSError("no"))
    sending = Emitter(client)
    sending.emit("lost")
    sending.settle(10)
    client.error = None
    sending.emit("sent")
    sending.settle(10)
    assert client.sent == ["sent"]
    assert not sending.dead


def test_after_three_failures_in_a_row_nothing_is_tried_any_more():
    client = Client(error=OSError("no"))
    sending = Emitter(client)
    for number in range(50):
        sending.emit(number)
    sending.settle(10)
    assert client.tried == 3
    assert sending.dead


def test_the_end_waits_a_second_for_a_server_that_never_answered(monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE_WITH_THE_DEAD", 0.05)
    monkeypatch.setattr(module, "_PATIENCE", 60)
    answered = threading.Event()
    sending = Emitter(Client(until=answered))
    sending.emit("first")
    waited = []
    monkeypatch.setattr(sending, "settle", waited.append)
    sending.end()
    answered.set()
    assert waited == [0.05], "not as long as for one that answers"


def test_what_does_not_fit_is_counted_and_nobody_waits(monkeypatch):
    monkeypatch.setattr(module, "_MOST_WAITING", 2)
    monkeypatch.setattr(module, "_PATIENCE_WITH_THE_DEAD", 0.05)
    answered = threading.Event()
    sending = Emitter(Client(until=answered))
    for number in range(10):
        sending.emit(number)
    with capture_logs() as said:
        sending.end()
    assert [(line["event"], line["events"]) for line in said] == [("lineage lost", 10)]
    answered.set()


def test_settings_that_are_no_settings_turn_it_off_with_a_line_in_the_log(monkeypatch):
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "pigeon")
    emitter.cache_clear()
    assert lineage_wanted()
    with capture_logs() as said:
        assert emitter() is None
    assert [line["event"] for line in said] == ["lineage off"]
    emitter.cache_clear()


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({"OPENLINEAGE__TRANSPORT__TYPE": "console"}, True),
        ({"OPENLINEAGE__TRANSPORT": '{"type": "console"}'}, True),
        ({"OPENLINEAGE_CONFIG": "/etc/openlineage.yml"}, True),
        ({"OPENLINEAGE_URL": ""}, False),
        ({"OPENLINEAGE_CONFIG": "x", "OPENLINEAGE_DISABLED": " TRUE"}, False),
    ],
)
def test_it_is_set_up_as_the_official_client_is(environ, wanted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert lineage_wanted(environ) is wanted
    (tmp_path / "openlineage.yml").write_text("transport: {type: console}")
    assert lineage_wanted({})

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from obs_dagster.alerts import deliver, undelivered
from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.outbox.entries import FIRST_RETRY, LAST_RETRY, LEASE
from obs_dagster.alerts.outbox.threads import unrenewed
from obs_dagster.monitor import Route

START = dt.datetime(2013, 8, 1, 6, tzinfo=dt.UTC)
PAGER = Route(url="json://pager", severities=("critical",))
CHAT = Route(url="json://chat")
RECALL = {"name": "recall_low", "metric": "recall", "below": 0.5, "severity": "critical"}


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now


class Inbox:
    """Takes messages, but for the URLs that are down."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.attempts: list[str] = []
        self.threads: list[Thread] = []
        self.says = Taken()
        self.down: dict[str, Exception] = {}

    def __call__(self, url, message, thread) -> Taken:
        self.attempts.append(url)
        if url in self.down:
            raise self.down[url]
        self.taken.append((url, message.key.split(":", 1)[1]))
        self.threads.append(thread)
        return self.says


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def run(store, clock, inbox):
    def run(*routes, environ=None, model="flight_delay"):
        return deliver(store, {model: routes}, environ=environ or {}, clock=clock, sender=inbox)

    return run


@pytest.fixture
def firing(write, evaluate):
    """One critical alert begins to fire."""
    write([0.2])
    evaluate(1)


@pytest.fixture
def two_firing(write, evaluate):
    for version in "12":
        write([0.2], version=version)
    evaluate(1)


def test_each_route_that_wants_the_severity_gets_it_once(firing, run, inbox):
    quiet = Route(url="json://quiet", severities=("info", "warning"))
    report = run(PAGER, CHAT, quiet)
    assert inbox.taken == [("json://pager", "firing:1"), ("json://chat", "firing:1")]
    assert (report.delivered, report.failures, report.waiting) == (2, (), 0)
    assert run(PAGER, CHAT, quiet).delivered == 0
    assert len(inbox.taken) == 2


def test_routes_with_the_same_url_are_one_channel(firing, run, inbox):
    assert run(CHAT, Route(url=CHAT.url, severities=("critical",))).delivered == 1
    assert len(inbox.taken) == 1


@pytest.mark.parametrize("routes", [(), (Route(url="json://quiet", severities=("info",)),)])
def test_what_no_route_wants_goes_to_the_log(firing, run, inbox, routes):
    run(*routes)
    assert inbox.taken == [("log://", "firing:1")]


def test_a_dead_channel_neither_blocks_the_others_nor_loses_anything(firing, store, run, inbox, clock):
    inbox.down["json://pager"] = OSError("connection refused")
    report = run(PAGER, CHAT)
    assert inbox.taken == [("json://chat", "firing:1")]
    assert [(one.label, one.error) for one in report.failures] == [("json://pager", "connection refused")]
    [waiting] = undelivered(store)
    assert (waiting.label, waiting.attempts, waiting.last_error) == ("json://pager", 1, "connection refused")
    assert waiting.next_attempt_at == START + FIRST_RETRY

    assert run(PAGER, CHAT).waiting == 1
    assert len(inbox.attempts) == 2

    inbox.down.clear()
    clock.now += FIRST_RETRY
    assert run(PAGER, CHAT).delivered == 1
    assert undelivered(store) == []
    assert inbox.taken[1:] == [("json://pager", "firing:1")]


def test_pauses_double_up_to_an_hour_for_ever(firing, store, run, inbox, clock):
    inbox.down["json://chat"] = OSError("down")
    pauses = []
    for _ in range(12):
        run(CHAT)
        [waiting] = undelivered(store)
        pauses.append(waiting.next_attempt_at - clock.now)
        clock.now = waiting.next_attempt_at
    assert pauses[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
    assert pauses[-1] == LAST_RETRY
    assert len(inbox.attempts) == 12


def test_a_dead_channel_costs_one_attempt_a_run(store, write, evaluate, run, inbox):
    for version in "123":
        write([0.2], version=version)
    evaluate(1)
    inbox.down["json://pager"] = OSError("time-out")
    report = run(PAGER, CHAT)
    assert inbox.attempts.count("json://pager") == 1
    assert inbox.attempts.count("json://chat") == 3
    assert (report.delivered, len(report.failures), report.waiting) == (3, 1, 3)


def test_the_end_of_an_alert_never_arrives_before_its_beginning(write, evaluate, run, inbox, clock):
    write([0.2, 0.9])
    evaluate(1)
    inbox.down["json://pager"] = OSError("down")
    run(PAGER)
    inbox.down.clear()
    evaluate(2)
    assert run(PAGER).waiting == 2
    assert inbox.taken == []
    clock.now += FIRST_RETRY
    run(PAGER)
    assert inbox.taken == [("json://pager", "firing:1"), ("json://pager", "resolved:1")]


def test_another_sender_s_claim_holds_until_its_lease_ends(firing, store, clock, inbox):
    class Killed(BaseException):
        pass

    def die(_url, _message, _thread):
        raise Killed

    def run(sender):
        return deliver(store, {"flight_delay": [CHAT]}, environ={}, clock=clock, sender=sender)

    with pytest.raises(Killed):
        run(die)
    clock.now += LEASE - dt.timedelta(seconds=1)
    assert (run(inbox).waiting, inbox.taken) == (1, [])
    clock.now += dt.timedelta(seconds=1)
    run(inbox)
    assert inbox.taken == [("json://chat", "firing:1")]


def test_models_that_are_not_named_keep_waiting(firing, store, run, inbox):
    assert run(CHAT, model="other").delivered == 0
    [waiting] = undelivered(store)
    assert (waiting.model, waiting.label, waiting.attempts, waiting.next_attempt_at) == (
        "flight_delay",
        "",
        0,
        None,
    )
    assert waiting.title.startswith("[critical] flight_delay: recall_low fires")


def test_a_missing_secret_is_a_failure_of_its_channel_alone(firing, run, inbox):
    report = run(Route(url="json://pager/${PAGER_TOKEN}"), CHAT)
    assert inbox.taken == [("json://chat", "firing:1")]
    [failure] = report.failures
    assert "PAGER_TOKEN is not set" in failure.error


def test_secrets_reach_the_channel_but_not_the_store(firing, store, run, inbox):
    url = "json://night:hunter2x@pager/abcdefgh"
    inbox.down[url] = OSError(f"cannot reach {url}")
    report = run(
        Route(url="json://night:${PASSWORD}@pager/${TOKEN}"),
        environ={
            "PASSWORD": "hunter2x",
            "TOKEN": "abcdefgh",
        },
    )
    assert inbox.attempts == [url]
    kept = f"{report} {undelivered(store)}"
    assert "cannot reach" in kept
    assert "hunter2x" not in kept
    assert "abcdefgh" not in kept


def test_an_error_without_words_is_named_by_its_kind(firing, run, inbox):
    inbox.down["json://chat"] = TimeoutError()
    assert [one.error for one in run(CHAT).failures] == ["TimeoutError"]


def test_a_rotated_secret_is_the_same_channel(firing, run, inbox):
    route = Route(url="json://chat/${TOKEN}")
    run(route, environ={"TOKEN": "old-token"})
    run(route, environ={"TOKEN": "new-token"})
    assert inbox.taken == [("json://chat/old-token", "firing:1")]


def test_a_service_that_asks_for_a_pause_gets_it_for_all_that_waits(two_firing, store, run, inbox, clock):
    minutes = dt.timedelta(minutes=20)
    inbox.down["json://pager"] = ChannelError("too many", retry_after=minutes)
    run(PAGER)
    assert {one.next_attempt_at for one in undelivered(store)} == {START + minutes, None}
    inbox.down.clear()
    clock.now += minutes - dt.timedelta(seconds=1)
    assert (run(PAGER).waiting, inbox.attempts) == (2, ["json://pager"])
    clock.now += dt.timedelta(seconds=1)
    assert run(PAGER).delivered == 2


@pytest.mark.parametrize("asked", [dt.timedelta(0), dt.timedelta(days=900)])
def test_a_pause_is_never_longer_than_a_day(firing, store, run, inbox, asked):
    inbox.down["json://chat"] = ChannelError("too many", retry_after=asked)
    run(CHAT)
    [waiting] = undelivered(store)
    assert waiting.next_attempt_at == START + min(asked, dt.timedelta(days=1))


def test_what_a_channel_calls_a_thread_comes_back_with_its_next_message(write, evaluate, run, inbox, clock):
    write([0.2, 0.9])
    evaluate(1)
    inbox.down["json://chat"] = TimeoutError()
    run(CHAT)
    inbox.down.clear()
    clock.now += FIRST_RETRY
    inbox.says = Taken({"ts": "17.5"})
    run(CHAT, PAGER)
    evaluate(2)
    run(CHAT, PAGER)
    assert inbox.threads == [
        Thread({}, again=True),
        Thread({}, again=False),
        Thread({"ts": "17.5"}, again=False),
        Thread({"ts": "17.5"}, again=False),
    ]


def test_a_channel_that_forgets_is_told_again_until_it_needs_no_more(  # noqa: PLR0917  # fixtures
    store, write, evaluate, run, inbox, clock
):
    hour = dt.timedelta(hours=1)
    write([0.2, 0.9])
    evaluate(1)
    inbox.says = Taken({"a": "b"}, renew_in=hour)
    run(CHAT)
    clock.now += hour
    inbox.down["json://chat"] = OSError("down")
    assert [one.error for one in run(CHAT).failures] == ["down"]
    assert unrenewed(store) == {"down": 1}
    inbox.down.clear()
    run(CHAT)
    assert len(inbox.taken) == 1, "too soon"
    clock.now += FIRST_RETRY
    report = run(CHAT)
    assert (report.delivered, inbox.taken[1:]) == (0, [("json://chat", "firing:1")])
    assert inbox.threads[-1] == Thread({"a": "b"}, again=True)
    assert unrenewed(store) == {}
    evaluate(2)
    inbox.says = Taken({"a": "b"})
    run(CHAT)
    clock.now += 10 * hour
    run(CHAT)
    assert [key for _, key in inbox.taken] == ["firing:1", "firing:1", "resolved:1"]


def test_an_end_goes_where_the_beginning_went_whatever_the_time(write, evaluate, run, inbox, clock):
    # notifications of these tests are made at 1:00 and 2:00 UTC
    night = Route(url="json://night", hours="00:30-01:30")
    day = Route(url="json://day", hours="01:30-00:30")
    write([0.2, 0.9])
    evaluate(1)
    inbox.down["json://night"] = OSError("down")
    run(night, day)
    inbox.down.clear()
    evaluate(2)
    clock.now += FIRST_RETRY
    run(night, day)
    assert inbox.taken == [("json://night", "firing:1"), ("json://night", "resolved:1")]


def test_an_end_goes_where_its_beginning_went_though_that_route_wants_no_more_of_it(
    write, evaluate, run, inbox
):
    write([0.2, 0.9])
    evaluate(1)
    run(CHAT)
    evaluate(2)
    run(Route(url=CHAT.url, owners=("nobody",)))
    assert [key for _, key in inbox.taken] == ["firing:1", "resolved:1"]


def test_hours_are_those_of_the_model(firing, store, clock, inbox):
    tokyo = {"flight_delay": ZoneInfo("Asia/Tokyo")}
    route = Route(url="json://chat", hours="10:00-11:00")
    deliver(store, {"flight_delay": [route]}, environ={}, clock=clock, sender=inbox, zones=tokyo)
    assert inbox.taken == [("json://chat", "firing:1")]


@pytest.mark.parametrize("asked", [None, dt.timedelta(hours=9)])
def test_what_a_clock_that_was_ahead_has_set_holds_nobody_back(firing, run, inbox, clock, asked):
    inbox.down["json://chat"] = ChannelError("later", retry_after=asked)
    clock.now += dt.timedelta(days=365)
    run(CHAT)
    inbox.down.clear()
    clock.now = START
    run(CHAT)
    assert inbox.taken == [("json://chat", "firing:1")]

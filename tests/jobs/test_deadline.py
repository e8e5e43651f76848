"""A run that lasts too long is interrupted, also if somebody catches the first interruption for its own."""

import os
import signal
import time

import dagster as dg
import pytest

from jobs import deadline as module
from jobs.deadline import Deadline, deadline
from jobs.interruption import Wish, noticed


def never():
    raise AssertionError("there is no need to end the process")


def test_what_ends_in_time_is_left_alone():
    with deadline(30, never) as limit:
        pass
    assert not limit.passed.is_set()


def test_an_interruption_that_was_swallowed_is_repeated(monkeypatch):
    monkeypatch.setattr(module, "AGAIN", 0.1)
    heard = []

    def last():
        with deadline(0.05, never):
            try:
                time.sleep(30)
            except KeyboardInterrupt:
                heard.append("first")
            time.sleep(30)

    with pytest.raises(KeyboardInterrupt):
        last()
    assert heard == ["first"]


def test_an_interruption_that_a_library_swallowed_ends_the_run_after_its_stage():
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with noticed() as pressed:
            limit = Deadline(1.0)
            wish = Wish(dg.DagsterInstance.ephemeral(), "a run", pressed, limit)
            wish.heed()
            limit.passed.set()
            os.kill(os.getpid(), signal.SIGINT)
            wish.heed(failed=True)
            with pytest.raises(KeyboardInterrupt):
                wish.heed()
            assert not wish, "the time was over; nobody wished for it"
    finally:
        signal.signal(signal.SIGINT, before)

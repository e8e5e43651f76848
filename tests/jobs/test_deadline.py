"""A run that lasts too long is interrupted, also if somebody catches the first interruption for its own."""

import time

import pytest

from jobs import deadline as module
from jobs.deadline import deadline


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

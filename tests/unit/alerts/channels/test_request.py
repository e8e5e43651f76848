from __future__ import annotations

import socket

import pytest

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.request import request
from tests.unit.alerts.channels.conftest import Answer


def test_a_service_that_says_nothing_is_not_waited_for():
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ChannelError, match=r"did not answer within 0.1 s"),
    ):
        request("POST", f"http://127.0.0.1:{silent.getsockname()[1]}", json={}, seconds=0.1)


def test_what_a_service_says_is_read_up_to_a_bound(service):
    service.answers = [Answer(200, b"x" * (2**20 + 1))]
    with pytest.raises(ChannelError, match="more than a megabyte"):
        request("GET", service.url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "http://[::1", "http://nowhere.invalid"])
def test_a_place_that_cannot_be_reached_is_an_error(url):
    with pytest.raises(ChannelError, match="cannot be reached"):
        request("GET", url, seconds=2)


def test_a_refusal_says_what_the_service_said_on_one_line(service):
    service.answers = [Answer(400, b"no\r\n\x1b[31mroom" + b"! " * 80 + b"half-a-secret" * 99)]
    with pytest.raises(ChannelError, match=r"answered 400: no \[31mroom[! ]+…\.") as caught:
        request("GET", service.url)
    assert len(caught.value.message) < 300
    assert caught.value.status == 400

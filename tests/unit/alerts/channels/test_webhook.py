from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac

import pytest

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.webhook import CHANNEL, Webhook

MOMENT = dt.datetime.fromtimestamp(1_700_000_000.9, dt.UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_receiver_that_knows_the_secret_can_check_who_sent_it_and_when(service, firing):
    Webhook(clock=lambda: MOMENT).send(f"webhook+{service.url}/in?a=b#secret={SECRET}", firing)
    [asked] = service.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/in", {"a": "b"})
    assert asked.headers["webhook-timestamp"] == "1700000000"
    assert asked.headers["webhook-id"] == asked.headers["Idempotency-Key"] == firing.key
    signed = f"{firing.key}.1700000000.".encode() + asked.body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert asked.headers["webhook-signature"] == f"v1,{expected}"


def test_it_gets_everything_that_a_message_says(service, firing):
    CHANNEL.send(f"webhook+http://night:pass@{service.place}/in", firing)
    [asked] = service.asked
    assert asked.json["type"] == "obs.firing"
    data = asked.json["data"]
    assert (data["key"], data["thread"], data["text"]) == (firing.key, firing.thread, firing.body)
    assert (data["facts"], data["labels"], data["links"]) == (firing.facts, firing.labels, firing.links)
    assert data["details"] == firing.details
    assert asked.headers["Authorization"].startswith("Basic ")
    assert "webhook-signature" not in asked.headers


def test_a_secret_that_cannot_be_read_is_named_without_being_shown():
    told = CHANNEL.problem("webhook+https://hooks.example/in#secret=whsec_not!base64")
    assert "not base64" in told
    assert "not!base64" not in told
    with pytest.raises(ChannelError, match="not base64"):
        CHANNEL.send("webhook+https://hooks.example/in#secret=whsec_not!base64", None)

"""`webhook+https://`: a receiver of your own gets JSON, signed if it has a secret.

The signature is that of [Standard Webhooks](https://www.standardwebhooks.com/), for which there are
libraries: HMAC-SHA256 over `id.timestamp.body`.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, ClassVar

from obs_dagster.alerts.channels.form import Address, Form
from obs_dagster.alerts.channels.formed import Formed
from obs_dagster.alerts.channels.request import request
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message
from obs_dagster.secrets import remember

_CODED = "whsec_"


class Webhook(Formed):
    """Posts messages as JSON.

    Args:
        clock: tells the present (UTC).
    """

    form: ClassVar = Form("webhook", "webhook+https://HOST/PATH#secret=whsec_…", options={"secret": ""})

    def __init__(self, clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self._clock = clock

    def say(self, address: Address, message: Message, thread: Thread) -> Taken:
        """Post it; the key is the webhook's id, so that a receiver may drop what it has."""
        del thread
        body = json.dumps(payload(message), ensure_ascii=False).encode()
        stamp = str(int(self._clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.key,
            "webhook-id": message.key,
            "webhook-timestamp": stamp,
        }
        secret = address.options["secret"]
        if secret:
            remember(secret)
            headers["webhook-signature"] = signature(secret, message.key, stamp, body)
        auth = (address.user, address.password) if address.user else None
        request("POST", address.whole, content=body, headers=headers, auth=auth)
        return Taken()

    def wrong(self, address: Address) -> str:
        """A coded secret has to be base64."""
        try:
            _key(address.options["secret"])
        except binascii.Error:
            return f"Its secret begins with {_CODED}, but what follows is not base64."
        return ""


def payload(message: Message) -> dict[str, Any]:
    """The body, in the form that Standard Webhooks recommends."""
    return {
        "type": f"obs.{message.event}",
        "data": {
            "key": message.key,
            "thread": message.thread,
            "event": message.event,
            "severity": message.severity,
            "title": message.title,
            "text": message.body,
            "facts": dict(message.facts),
            "details": dict(message.details),
            "labels": dict(message.labels),
            "links": dict(message.links),
        },
    }


def signature(secret: str, id_: str, stamp: str, body: bytes) -> str:
    """The header `webhook-signature`.

    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
    ...     b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{id_}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    """The bytes of a secret: coded ones begin with `whsec_`, others are taken as they stand."""
    if secret.startswith(_CODED):
        return base64.b64decode(secret.removeprefix(_CODED), validate=True)
    return secret.encode()


CHANNEL = Webhook()

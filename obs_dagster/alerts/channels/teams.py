"""`teams+https://`: a workflow of Microsoft Teams that posts what it gets, an Adaptive Card.

The workflow is "Post to a channel when a webhook request is received"; its address takes the place of
`https://`. It tells nothing of what it posted: each notification is a message of its own.
"""

from __future__ import annotations

from typing import Any, ClassVar

from obs_dagster.alerts.channels.form import Address, Form
from obs_dagster.alerts.channels.formed import Formed
from obs_dagster.alerts.channels.request import request
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message

_COLOURS = {"firing": "Attention", "updated": "Warning", "acknowledged": "Accent", "resolved": "Good"}
_TEXT = 2_000
"""Of each fact; Teams takes 28 kB together."""


class Teams(Formed):
    """Posts Adaptive Cards."""

    form: ClassVar = Form("teams", "teams+https://HOST/workflows/…?…&sig=…")

    def say(self, address: Address, message: Message, thread: Thread) -> Taken:
        """Post it; a workflow answers 202, before it has posted."""
        del thread
        request("POST", address.whole, json=card(message))
        return Taken()


def card(message: Message) -> dict[str, Any]:
    """The message with one card. Its texts are runs, in which nothing is Markdown."""
    body = [_text({"text": message.title, "weight": "Bolder", "color": _COLOURS[message.event]})]
    for name, text in message.facts.items():
        body.append(_text({"text": f"{name}  ", "isSubtle": True}, {"text": text[:_TEXT]}))
    body.append(_text({"text": message.key, "isSubtle": True, "size": "Small"}))
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
        "actions": [
            {"type": "Action.OpenUrl", "title": name, "url": url} for name, url in message.links.items()
        ],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None}
    return {"type": "message", "attachments": [{**attachment, "content": content}]}


def _text(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", **run} for run in runs]}


CHANNEL = Teams()

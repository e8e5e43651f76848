"""`slack-webhook+https://`: an incoming webhook of Slack.

Such a webhook tells nothing of what it posted: each notification is a message of its own. `slack-bot://` has
threads.
"""

from __future__ import annotations

from typing import ClassVar

from obs_dagster.alerts.channels.form import Address, Form
from obs_dagster.alerts.channels.formed import Formed
from obs_dagster.alerts.channels.request import request
from obs_dagster.alerts.channels.slack_text import written
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message


class SlackWebhook(Formed):
    """Posts to the address that Slack gave."""

    form: ClassVar = Form("slack-webhook", "slack-webhook+https://hooks.slack.com/services/…")

    def say(self, address: Address, message: Message, thread: Thread) -> Taken:
        """Post it; Slack says `ok` in so many letters, or why not with a 4xx."""
        del thread
        request("POST", address.whole, json=written(message))
        return Taken()


CHANNEL = SlackWebhook()

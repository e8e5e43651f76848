"""`slack-bot://`: a thread of notifications is one message in a channel, kept up to date, and its replies.

The bot needs the scope `chat:write`. With `channels:history` (`groups:history` of a private channel) it
looks, after an answer that never came, whether its message has arrived.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.form import Address, Form
from obs_dagster.alerts.channels.formed import Formed
from obs_dagster.alerts.channels.request import request
from obs_dagster.alerts.channels.slack_text import written
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message

_GONE = frozenset({"message_not_found", "thread_not_found"})
"""Somebody has deleted the message; a new one takes its place."""
_FIXED = frozenset({"edit_window_closed", "cant_update_message"})
"""The workspace lets nobody change it any more; what is new is in its replies."""
_EVENT = "obs_notification"
_LATELY = "50"


class SlackBot(Formed):
    """Slack's Web API: `chat.postMessage` and `chat.update`."""

    form: ClassVar = Form(
        "slack-bot",
        "slack-bot://TOKEN/CHANNEL_ID",
        words=("the bot's token", "a channel's id"),
        api="https://slack.com/api",
    )

    def say(self, address: Address, message: Message, thread: Thread) -> Taken:
        """Post the first message of a thread; of a later one, bring that up to date and reply to it."""
        token, channel = address.words.values()
        slack = _Slack(address.base, token)
        text = {**written(message), "unfurl_links": False, "unfurl_media": False}
        text["metadata"] = {"event_type": _EVENT, "event_payload": {"key": message.key}}
        names = thread.names
        if names and self._is_there(slack, names, text):
            if not (thread.again and slack.holds(message.key, names)):
                slack.call("chat.postMessage", channel=names["channel"], thread_ts=names["ts"], **text)
            return Taken(names)
        posted = slack.found(message.key, channel) if thread.again else None
        posted = posted or slack.call("chat.postMessage", channel=channel, **text)
        return Taken({"channel": posted["channel"], "ts": posted["ts"]})

    @staticmethod
    def _is_there(slack: _Slack, names: Any, text: dict[str, Any]) -> bool:
        """Whether the first message is there still; it says how things are now, if it may."""
        shown = {name: text[name] for name in ("text", "blocks")}
        try:
            slack.call("chat.update", channel=names["channel"], ts=names["ts"], **shown)
        except _SlackError as error:
            if error.code in _GONE:
                return False
            if error.code not in _FIXED:
                raise
        return True


class _SlackError(ChannelError):
    """Slack has understood a call, and refused it."""

    def __init__(self, method: str, code: str, pause: dt.timedelta | None) -> None:
        super().__init__(
            f"Slack refused {method}: {code}.",
            remedy=f"See https://docs.slack.dev/reference/methods/{method} for what that means.",
            retry_after=pause,
        )
        self.code = code


class _Slack:
    """Calls of the Web API with a token."""

    def __init__(self, api: str, token: str) -> None:
        self._api = api
        self._headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, **fields: Any) -> dict[str, Any]:
        """What a call gives back that changes something.

        Raises:
            ChannelError: Slack refused it, or answered something that is not documented.
        """
        answer = request("POST", f"{self._api}/{method}", json=fields, headers=self._headers)
        return self._sound(method, answer.fields())

    def found(self, key: str, channel: str) -> dict[str, Any] | None:
        """The message of a key among the last ones of a channel; None if the bot may not look."""
        for each in self._read("conversations.history", channel=channel):
            if _key(each) == key:
                return {"channel": channel, "ts": each["ts"]}
        return None

    def holds(self, key: str, names: Any) -> bool:
        """Whether the message of a key is among the last replies of a thread; not if the bot may not look."""
        replies = self._read("conversations.replies", channel=names["channel"], ts=names["ts"])
        return any(_key(each) == key for each in replies)

    def _read(self, method: str, **about: str) -> list[dict[str, Any]]:
        params = {**about, "limit": _LATELY, "include_all_metadata": "true"}
        try:
            answer = request("GET", f"{self._api}/{method}", params=params, headers=self._headers)
            return list(self._sound(method, answer.fields()).get("messages", []))
        except _SlackError:
            # without the scope it is sent again: twice is better than never
            return []

    @staticmethod
    def _sound(method: str, answer: dict[str, Any]) -> dict[str, Any]:
        if answer.get("ok") is not True:
            code = str(answer.get("error", "it answered neither ok nor an error"))
            raise _SlackError(method, code, dt.timedelta(minutes=1) if code == "ratelimited" else None)
        if method == "chat.postMessage" and not (answer.get("ts") and answer.get("channel")):
            raise _SlackError(method, "it did not say what the message is called", None)
        return answer


def _key(message: dict[str, Any]) -> str:
    return str(message.get("metadata", {}).get("event_payload", {}).get("key", ""))


CHANNEL = SlackBot()

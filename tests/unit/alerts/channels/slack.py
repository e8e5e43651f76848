"""Slack's Web API as its documentation has it, as far as the bot uses it."""

from __future__ import annotations

import itertools
import json
from typing import Any

from tests.unit.alerts.channels.conftest import Answer, Asked


class Slack:
    """Messages by `ts`, replies by the `ts` of what they reply to."""

    def __init__(self, *, may_read: bool = True) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self._may_read = may_read
        self._stamps = (f"1700000000.{number:06}" for number in itertools.count(100))

    def __call__(self, asked: Asked) -> Answer:
        if not asked.headers.get("Authorization", "").startswith("Bearer xoxb-"):
            return Answer(body={"ok": False, "error": "invalid_auth"})
        about = asked.query if asked.method == "GET" else json.loads(asked.body)
        return Answer(body=getattr(self, asked.path.rsplit("/", 1)[1].replace(".", "_"))(about))

    def chat_postMessage(self, about: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  # Slack's name
        ts = next(self._stamps)
        self.messages[ts] = {**about, "ts": ts}
        return {"ok": True, "channel": about["channel"], "ts": ts}

    def chat_update(self, about: dict[str, Any]) -> dict[str, Any]:
        if about["ts"] not in self.messages:
            return {"ok": False, "error": "message_not_found"}
        self.messages[about["ts"]].update(about)
        return {"ok": True, "channel": about["channel"], "ts": about["ts"]}

    def conversations_history(self, _about: dict[str, Any]) -> dict[str, Any]:
        return self._read([each for each in self.messages.values() if "thread_ts" not in each])

    def conversations_replies(self, about: dict[str, Any]) -> dict[str, Any]:
        return self._read([each for each in self.messages.values() if each.get("thread_ts") == about["ts"]])

    def _read(self, found: list[dict[str, Any]]) -> dict[str, Any]:
        return {"ok": True, "messages": found} if self._may_read else {"ok": False, "error": "missing_scope"}

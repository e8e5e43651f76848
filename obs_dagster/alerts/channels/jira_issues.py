"""`jira-issues+https://`: a thread of notifications is one issue of Jira, its comments, and its end.

On Jira Cloud user and password are an account's address and API token; on a server of yours a password
alone is a personal access token.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.form import Address, Form
from obs_dagster.alerts.channels.formed import Formed
from obs_dagster.alerts.channels.request import Answer, request
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message

_SUMMARY, _TEXT = 255, 30_000
"""The longest texts that Jira takes in these places."""
_GONE = 404
_BY_HAND = "No transition leads from its status to one that is done: close it by hand."


class JiraIssues(Formed):
    """Creates, comments and closes issues."""

    form: ClassVar = Form(
        "jira-issues",
        "jira-issues+https://MAIL:TOKEN@SITE.atlassian.net/PROJECT#type=Task&done=Done",
        words=("a project's key",),
        options={"type": "Task", "done": ""},
    )

    def say(self, address: Address, message: Message, thread: Thread) -> Taken:
        """Create the issue of a thread, or comment on it; close it at the end."""
        jira = _Jira(address)
        key = thread.names.get("issue", "")
        status = jira.status(key) if key else ""
        if not key and thread.again:
            key = jira.found(message.thread)
            if key:
                return Taken({"issue": key})
        if not key or not status or (status == "done" and message.event == "firing"):
            key = jira.create(message)
            # what ends before anybody could create it is closed at once
            if message.event != "resolved":
                return Taken({"issue": key})
        self._go_on(jira, key, message, again=thread.again)
        return Taken({"issue": key})

    @staticmethod
    def _go_on(jira: _Jira, key: str, message: Message, *, again: bool) -> None:
        closed = message.event != "resolved" or jira.close(key)
        if not (again and jira.commented(key, message.key)):
            jira.comment(key, message, "" if closed else _BY_HAND)


class _Jira:
    """Calls of the REST API, version 2, whose texts are plain ones on every kind of Jira."""

    def __init__(self, address: Address) -> None:
        (self._project,) = address.words.values()
        self._options = address.options
        self._base = address.base
        self._auth = (address.user, address.password) if address.user else None
        self._headers = {} if address.user else {"Authorization": f"Bearer {address.password}"}

    def create(self, message: Message) -> str:
        """The key of a new issue."""
        about = {
            "project": {"key": self._project},
            "issuetype": {"name": self._options["type"]},
            "summary": message.title[:_SUMMARY],
            "description": _verbatim(message),
            "labels": ["obs-dagster", _label(message.thread)],
        }
        answer = self._call("POST", "2/issue", json={"fields": about})
        key = answer.fields().get("key")
        if not isinstance(key, str):
            raise answer.garbage()
        return key

    def found(self, thread: str) -> str:
        """The newest issue of a thread, by its label; empty if there is none."""
        asked = f'project = "{self._project}" AND labels = "{_label(thread)}" ORDER BY created DESC'
        params = {"jql": asked, "maxResults": "1", "fields": "status"}
        try:
            answer = self._call("GET", "3/search/jql", params=params)
        except ChannelError as error:
            if error.status != _GONE:
                raise
            # a server of one's own has only the older search
            answer = self._call("GET", "2/search", params=params)
        issues = answer.fields().get("issues", [])
        return str(issues[0]["key"]) if issues else ""

    def status(self, key: str) -> str:
        """The kind of status that an issue has: `new`, `indeterminate` or `done`; empty if it is gone."""
        try:
            answer = self._call("GET", f"2/issue/{key}", params={"fields": "status"})
        except ChannelError as error:
            if error.status == _GONE:
                return ""
            raise
        try:
            return str(answer.fields()["fields"]["status"]["statusCategory"]["key"])
        except (KeyError, TypeError) as error:
            raise answer.garbage() from error

    def close(self, key: str) -> bool:
        """Whether an issue is done now: by the transition that the route names, or the first that fits."""
        if self.status(key) == "done":
            return True
        wanted = self._options["done"]
        for each in self._call("GET", f"2/issue/{key}/transitions").fields().get("transitions", []):
            to = each.get("to", {})
            done = to.get("statusCategory", {}).get("key") == "done"
            if wanted in (each.get("name"), to.get("name")) if wanted else done:
                self._call("POST", f"2/issue/{key}/transitions", json={"transition": {"id": each["id"]}})
                return True
        return False

    def commented(self, key: str, message_key: str) -> bool:
        """Whether a message is among the last comments of an issue."""
        params = {"orderBy": "-created", "maxResults": "50"}
        comments = self._call("GET", f"2/issue/{key}/comment", params=params).fields().get("comments", [])
        return any(message_key in str(each.get("body", "")) for each in comments)

    def comment(self, key: str, message: Message, remark: str) -> None:
        """Comment on an issue."""
        body = f"{_verbatim(message)}\n{remark}".strip()
        self._call("POST", f"2/issue/{key}/comment", json={"body": body})

    def _call(self, method: str, place: str, **about: Any) -> Answer:
        url = f"{self._base}/rest/api/{place}"
        return request(method, url, auth=self._auth, headers=self._headers, **about)


def _verbatim(message: Message) -> str:
    """Text in which Jira sees no markup; by its key it is known again."""
    text = f"{message.title}\n\n{message.body}"[:_TEXT].replace("{noformat}", "(noformat)")
    key = "" if message.key in text else f"\n\nkey  {message.key}"
    return f"{{noformat}}\n{text}{key}\n{{noformat}}"


def _label(thread: str) -> str:
    """A thread as a label: without spaces, and not too long."""
    return f"obs-{hashlib.sha256(thread.encode()).hexdigest()[:16]}"


CHANNEL = JiraIssues()

"""Jira's REST API as its documentation has it, as far as issues are used."""

from __future__ import annotations

import re
from typing import Any

from tests.unit.alerts.channels.conftest import Answer, Asked

_CATEGORIES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}


class Jira:
    """Issues by key; `cloud` has the new search only."""

    def __init__(self, *, cloud: bool = True, closes: bool = True) -> None:
        self.issues: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[str]] = {}
        self.status: dict[str, str] = {}
        self._cloud = cloud
        self._closes = closes

    def __call__(self, asked: Asked) -> Answer:
        if "Authorization" not in asked.headers:
            return Answer(401, {"errorMessages": ["You are not authenticated."]})
        place = asked.path.removeprefix("/rest/api/")
        if place == "2/issue":
            return self._create(asked.json["fields"])
        if place in ("3/search/jql", "2/search"):
            return self._search(asked.query, exists=self._cloud == (place == "3/search/jql"))
        match = re.fullmatch(r"2/issue/(FL-\d+)(/comment|/transitions|)", place)
        if match is None or match[1] not in self.issues:
            return Answer(404, {"errorMessages": ["Issue does not exist"]})
        return self._of(match[1], match[2], asked)

    def _create(self, fields: dict[str, Any]) -> Answer:
        key = f"FL-{len(self.issues) + 1}"
        self.issues[key], self.comments[key], self.status[key] = fields, [], "To Do"
        return Answer(201, {"id": "1", "key": key, "self": ""})

    def _search(self, query: dict[str, str], *, exists: bool) -> Answer:
        if not exists:
            return Answer(404, {})
        label = re.search(r'labels = "(.+?)"', query["jql"])[1]
        found = [key for key, fields in self.issues.items() if label in fields["labels"]]
        return Answer(200, {"issues": [{"key": key} for key in reversed(found)][: int(query["maxResults"])]})

    def _of(self, key: str, what: str, asked: Asked) -> Answer:
        if not what:
            category = _CATEGORIES[self.status[key]]
            return Answer(200, {"fields": {"status": {"statusCategory": {"key": category}}}})
        if what == "/comment" and asked.method == "POST":
            self.comments[key].append(asked.json["body"])
            return Answer(201, {"id": "1"})
        if what == "/comment":
            return Answer(200, {"comments": [{"body": body} for body in self.comments[key]]})
        if asked.method == "POST":
            self.status[key] = {"21": "In Progress", "31": "Done"}[asked.json["transition"]["id"]]
            return Answer(204)
        transitions = [self._to("21", "Start", "In Progress")]
        return Answer(200, {"transitions": transitions + [self._to("31", "Finish", "Done")] * self._closes})

    @staticmethod
    def _to(id_: str, name: str, status: str) -> dict[str, Any]:
        category = {"key": _CATEGORIES[status]}
        return {"id": id_, "name": name, "to": {"name": status, "statusCategory": category}}

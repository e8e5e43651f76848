from __future__ import annotations

from obs_dagster.alerts.channels.teams import CHANNEL
from tests.unit.alerts.channels.conftest import Answer


def test_a_workflow_gets_a_card_whose_texts_are_no_markdown(service, firing):
    service.usually = lambda _: Answer(202)
    CHANNEL.send(
        f"teams+{service.url}/workflows/x/triggers/manual/paths/invoke?api-version=1&sig=planted", firing
    )
    [asked] = service.asked
    assert asked.query == {"api-version": "1", "sig": "planted"}
    assert asked.json["type"] == "message"
    [attachment] = asked.json["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    title, value, *_ = card["body"]
    assert title["inlines"][0]["text"] == firing.title
    assert [run["text"] for run in value["inlines"]] == ["value  ", "recall 0.04 < 0.15 & falling"]
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "health page", "url": "https://pages.example/a.html"}
    ]

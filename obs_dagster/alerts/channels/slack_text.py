"""A message as Slack lays it out: its title, what there is to say, and where to look (Block Kit)."""

from __future__ import annotations

from typing import Any

from obs_dagster.alerts.message import Message

_MARKS = {"firing": "🔴", "acknowledged": "🟠", "updated": "🟡", "resolved": "🟢"}
_HEADER, _SECTION, _TEXT = 150, 3_000, 3_000
"""The longest texts that Slack takes in these places."""


def written(message: Message) -> dict[str, Any]:
    """`text` for what shows one line, such as a notification of a phone, and `blocks` for the rest."""
    title = f"{_MARKS[message.event]} {message.title}"
    facts = "\n".join(f"*{escaped(name)}*  {escaped(text)}" for name, text in message.facts.items())
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _short(title, _HEADER), "emoji": True}},
        _section(escaped(message.title) if len(title) > _HEADER else ""),
        _section(facts or escaped(message.body)),
        _context(" · ".join(f"<{url}|{escaped(name)}>" for name, url in message.links.items())),
        _context(f"`{escaped(message.key)}`"),
    ]
    return {"text": _short(escaped(title), _TEXT), "blocks": [block for block in blocks if block]}


def escaped(text: str) -> str:
    """Text in which Slack sees no mention and no link.

    >>> escaped("a < b & <!channel>")
    'a &lt; b &amp; &lt;!channel&gt;'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _short(text, _SECTION)}} if text else {}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]} if text else {}


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"

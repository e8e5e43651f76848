"""Parses YAML into nodes, each with its place, within bounds that no file can exceed.

The parser is libyaml's, which takes a tenth of the time of one in Python; that one is used where PyYAML was
built without it. What plain values mean is ours (`plain_scalars`): PyYAML has that of YAML 1.1, where `no` is
false and `1:30` is ninety.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from obs_dagster.monitor.document import Place
from obs_dagster.monitor.plain_scalars import TAG, TEXT, tag_of
from obs_dagster.monitor.problem import clipped, quoted

MAX_DEPTH = 20
"""Deepest nesting; a correct monitor has five levels."""
MAX_VALUES = 100_000
"""Most values in a file, counted after aliases are expanded."""

TOO_DEEP = f"The values are nested more than {MAX_DEPTH} levels deep."
TOO_MANY = f"The file has more than {MAX_VALUES:,} values once its aliases are expanded."

_LONGEST = 200
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_ILLEGAL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_WITHIN = re.compile(r"\{[^\"'#]*[^\s\"'{]\{\w+")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class ScalarNode:
    """A single value, as it is written."""

    tag: str
    place: Place
    value: str


@dataclass(slots=True)
class ListNode:
    """A list."""

    tag: str
    place: Place
    items: list[Node]


@dataclass(slots=True)
class MappingNode:
    """Keys and values, in order."""

    tag: str
    place: Place
    items: list[Node]

    def entries(self) -> Iterator[tuple[Node, Node]]:
        """The keys with their values."""
        return zip(self.items[::2], self.items[1::2], strict=True)


Node = ScalarNode | ListNode | MappingNode


class YamlError(Exception):
    """The text is not YAML, or exceeds a bound.

    Args:
        message: a sentence.
        place: where.
    """

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.place = place


def parse(text: str) -> Node | None:
    """The node of a text's only document; None if it has none. An alias is the very node that it stands for.

    Raises:
        YamlError: as it says.
    """
    if illegal := _ILLEGAL.search(text):
        place = end_of(text[: illegal.start()])
        raise YamlError(f"The character U+{ord(illegal[0]):04X} is not allowed in YAML.", place)
    try:
        return _composed(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark, end = error.problem_mark or error.context_mark, end_of(text.rstrip())
        if mark is not None and _place(mark) > end and error.context_mark is not None:
            # what lacks its end at the end of the file began somewhere else
            mark = error.context_mark
        place = Place(1, 1) if mark is None else min(_place(mark), end)
        said = ", ".join(str(part) for part in (error.context, error.problem) if part)
        quotes = " A text with braces within `{…}` has to stand in quotes." if _bare(text, place) else ""
        raise YamlError(f"This is not YAML: {clipped(said, _LONGEST)}.{quotes}", place) from error
    except (yaml.YAMLError, ValueError) as error:
        said = clipped(str(error).strip(), _LONGEST)
        raise YamlError(f"This is not YAML: {said}.", Place(1, 1)) from error


def _bare(text: str, place: Place) -> bool:
    """Whether the line of a place has a placeholder within braces, and no quotes around it."""
    lines = text.splitlines()
    return 0 < place.line <= len(lines) and bool(_WITHIN.search(lines[place.line - 1]))


def end_of(text: str) -> Place:
    """The place behind the end of a text."""
    return Place(text.count("\n") + 1, len(text) - text.rfind("\n"))


def _composed(events: Iterator[Any]) -> Node | None:
    """The tree of the events, made without recursion; refused before it is too deep or too large."""
    top: list[Node] = []
    within = [top]
    anchors: dict[str, Node] = {}
    for count, event in enumerate(events):
        if isinstance(event, yaml.CollectionEndEvent):
            within.pop()
        elif isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.AliasEvent):
                node = _named(event, anchors)
            else:
                node = _node(event)
                if event.anchor is not None:
                    anchors[event.anchor] = node
            within[-1].append(node)
            if isinstance(event, yaml.CollectionStartEvent) and not isinstance(node, ScalarNode):
                within.append(node.items)
                if len(within) > MAX_DEPTH + 1:
                    raise YamlError(TOO_DEEP, node.place)
        elif isinstance(event, yaml.DocumentStartEvent) and top:
            message = "expected a single document in the stream, but found another document"
            raise YamlError(f"This is not YAML: {message}.", _place(event.start_mark))
        if count > 2 * MAX_VALUES:
            raise YamlError(TOO_MANY, Place(0, 0))
    return top[0] if top else None


def _node(event: Any) -> Node:
    place = _place(event.start_mark)
    if isinstance(event, yaml.ScalarEvent):
        if not event.value.isascii() and _SURROGATE.search(event.value):
            # libyaml finds it by itself
            message = "This is not YAML: half of a surrogate pair is no character."
            raise YamlError(message, place)
        plain = event.tag is None and event.implicit[0]
        return ScalarNode(tag_of(event.value) if plain else event.tag or TEXT, place, event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        return ListNode(event.tag or f"{TAG}seq", place, [])
    return MappingNode(event.tag or f"{TAG}map", place, [])


def _named(event: Any, anchors: dict[str, Node]) -> Node:
    if event.anchor not in anchors:
        message = f"This is not YAML: found undefined alias {quoted(event.anchor)}."
        raise YamlError(message, _place(event.start_mark))
    return anchors[event.anchor]


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)

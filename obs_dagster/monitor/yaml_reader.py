"""Reads a YAML file into a document, with the place of every key, and without trusting the file.

Nothing in the file is evaluated: tags other than YAML's own plain ones are problems. Size, nesting and the
number of values after aliases are expanded are bounded, so no file can exhaust memory or time.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from obs_dagster.monitor.document import Document, Place
from obs_dagster.monitor.plain_scalars import CONSTRUCT, MERGE, TAG, TEXT
from obs_dagster.monitor.problem import Keys, MonitorError, Problem, dotted, quoted
from obs_dagster.monitor.yaml_nodes import (
    MAX_DEPTH,
    MAX_VALUES,
    TOO_DEEP,
    TOO_MANY,
    ListNode,
    MappingNode,
    Node,
    ScalarNode,
    YamlError,
    end_of,
    parse,
)

MAX_BYTES = 1024 * 1024
"""Largest monitor file."""

_WHOLE_FILE = Place(0, 0)
# A date stays text: the typed model decides where a date is meant, and a version named 2013-04-01 is none.
_TEXT_TAGS = (TEXT, f"{TAG}timestamp", f"{TAG}value", "!")
_COLLECTION_TAGS = (f"{TAG}map", f"{TAG}seq", "!")
_DECIMAL = re.compile(r"\d*\.\d+")


def read_document(path: Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises:
        MonitorError: the file cannot be read, is not YAML, is empty, is not a mapping or exceeds a bound.
    """
    try:
        root = parse(_text(path))
    except YamlError as error:
        raise _fatal(path, str(error), error.place) from error.__cause__
    if root is None:
        raise _fatal(path, "The file is empty; a monitor is a mapping of keys (docs/monitor.md lists them).")
    if not isinstance(root, MappingNode):
        kind = "a list" if isinstance(root, ListNode) else "a single value"
        raise _fatal(path, f"Expected a mapping of keys at the top, found {kind}.", root.place)
    return _Builder(path).document(root)


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise _fatal(path, "This is a folder; expected a monitor file.")
        if path.exists() and not path.is_file():
            raise _fatal(path, "This is not a regular file.")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _fatal(path, "The file does not exist.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _fatal(path, f"The file cannot be read: {reason}.") from error
    if len(content) > MAX_BYTES:
        raise _fatal(path, "The file is larger than 1 MiB, which no monitor is.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = end_of(content[: error.start].decode("utf-8-sig"))
        raise _fatal(path, "The file is not UTF-8 text.", place) from error


class _Builder:
    """Turns YAML nodes into plain values and remembers where each was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: dict[Keys, Place] = {}
        self._values: dict[Keys, Place] = {}
        self._problems: list[Problem] = []
        self._count = 0

    def document(self, root: MappingNode) -> Document:
        data = self._mapping(root, ())
        return Document(self._path, data, self._keys, self._values, tuple(self._problems))

    def _value(self, node: Node, keys: Keys) -> Any:
        self._spend(node, len(keys))
        self._values[keys] = node.place
        if isinstance(node, ScalarNode):
            return self._scalar(node, keys)
        if node.tag not in _COLLECTION_TAGS:
            self._refuse_tag(node, keys)
        if isinstance(node, ListNode):
            return self._list(node, keys)
        return self._mapping(node, keys)

    def _scalar(self, node: ScalarNode, keys: Keys) -> Any:
        construct = CONSTRUCT.get(node.tag)
        if construct is not None:
            try:
                return construct(node.value)
            except (ValueError, KeyError, IndexError, OverflowError):
                self._report(
                    node, keys, f"{quoted(node.value)} cannot be read as {node.tag.removeprefix(TAG)}."
                )
                return None
        if node.tag not in _TEXT_TAGS:
            self._refuse_tag(node, keys)
        return node.value.strip()

    def _list(self, node: ListNode, keys: Keys) -> list[Any]:
        items = []
        for index, item in enumerate(node.items):
            here = (*keys, index)
            self._keys[here] = item.place
            items.append(self._value(item, here))
        return items

    def _mapping(self, node: MappingNode, keys: Keys) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, value, merged in self._pairs(node, keys, 0):
            text = self._key(name, keys)
            if text is None or (merged and text in data):
                continue
            here = (*keys, text)
            if text in data:
                first = self._keys[here].line
                self._report(name, here, f"The key occurs twice; it was first given in line {first}.")
                continue
            self._keys[here] = name.place
            data[text] = self._value(value, here)
        return data

    def _pairs(self, node: MappingNode, keys: Keys, depth: int) -> list[tuple[Node, Node, bool]]:
        """The entries of a mapping, its own before those merged in with `<<`, which never replace."""
        own: list[tuple[Node, Node, bool]] = []
        merged: list[tuple[Node, Node, bool]] = []
        for name, value in node.entries():
            self._spend(name, len(keys) + depth)
            if name.tag != MERGE:
                own.append((name, value, depth > 0))
                continue
            for source in value.items if isinstance(value, ListNode) else (value,):
                if isinstance(source, MappingNode):
                    merged += self._pairs(source, keys, depth + 1)
                else:
                    self._report(name, keys, "`<<` merges mappings; this is none.")
        return own + merged

    def _key(self, node: Node, keys: Keys) -> str | None:
        if not isinstance(node, ScalarNode):
            self._report(node, keys, "A key is text; this is a list or a mapping.")
            return None
        text = node.value.strip()
        # decimals, as the levels of quantiles are, are kept as they are written
        if node.tag not in _TEXT_TAGS and not _DECIMAL.fullmatch(text):
            self._report(node, keys, f"The key {quoted(text)} is not text; put it in quotes.")
        return text

    def _spend(self, node: Node, depth: int) -> None:
        self._count += 1
        if self._count > MAX_VALUES:
            raise _fatal(self._path, TOO_MANY)
        if depth > MAX_DEPTH:
            raise _fatal(self._path, TOO_DEEP, node.place)

    def _refuse_tag(self, node: Node, keys: Keys) -> None:
        tag = node.tag.replace(TAG, "!!")
        self._report(node, keys, f"The tag {quoted(tag)} is not allowed; monitors hold plain values.")

    def _report(self, node: Node, keys: Keys, message: str) -> None:
        place = node.place
        self._problems.append(Problem(self._path, *place, dotted(keys), message))


def _fatal(path: Path, message: str, place: Place = _WHOLE_FILE) -> MonitorError:
    return MonitorError([Problem(path, *place, "", message)])

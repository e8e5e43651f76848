"""Reads a YAML file into a document, with the place of every key, and without trusting the file.

Nothing in the file is evaluated: tags other than YAML's own plain ones are problems. Size, nesting and the
number of values after aliases are expanded are bounded, so no file can exhaust memory or time.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from obs_dagster.monitor.document import Document, Place
from obs_dagster.monitor.problem import Keys, MonitorError, Problem, clipped, dotted, quoted

MAX_BYTES = 1024 * 1024
"""Largest monitor file."""
MAX_DEPTH = 20
"""Deepest nesting; a correct monitor has five levels."""
MAX_VALUES = 100_000
"""Most values in a file, counted after aliases are expanded."""

_WHOLE_FILE = Place(0, 0)
_LONGEST = 200
_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
# A date stays text: the typed model decides where a date is meant, and a version named 2013-04-01 is none.
_TEXT_TAGS = (f"{_TAG}str", f"{_TAG}timestamp", f"{_TAG}value", "!")
_COLLECTION_TAGS = (f"{_TAG}map", f"{_TAG}seq", "!")
_DECIMAL = re.compile(r"\d*\.\d+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_document(path: Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises:
        MonitorError: the file cannot be read, is not YAML, is empty, is not a mapping or exceeds a bound.
    """
    text = _text(path)
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        _check_bounds(yaml, path, text)
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(mark) if mark is not None else Place(1, 1)
        said = ", ".join(str(part) for part in (error.context, error.problem) if part)
        raise _fatal(path, f"This is not YAML: {clipped(said, _LONGEST)}.", place) from error
    except ReaderError as error:
        message = f"The character U+{ord(text[error.position]):04X} is not allowed in YAML."
        raise _fatal(path, message, _end_of(text[: error.position])) from error
    except (YAMLError, ValueError) as error:
        message = f"This is not YAML: {clipped(str(error).strip(), _LONGEST)}."
        raise _fatal(path, message, Place(1, 1)) from error
    if root is None:
        raise _fatal(path, "The file is empty; a monitor is a mapping of keys (docs/monitor.md lists them).")
    if not isinstance(root, MappingNode):
        kind = "a list" if isinstance(root, SequenceNode) else "a single value"
        raise _fatal(path, f"Expected a mapping of keys at the top, found {kind}.", _place(root.start_mark))
    return _Builder(yaml, path).document(root)


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
        place = _end_of(content[: error.start].decode("utf-8-sig"))
        raise _fatal(path, "The file is not UTF-8 text.", place) from error


def _check_bounds(yaml: YAML, path: Path, text: str) -> None:
    """Refuse what the recursive composer could not survive."""
    depth = 0
    for count, event in enumerate(yaml.parse(text)):
        kind = type(event).__name__
        depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
        # The stream and the document are events of their own.
        if depth > MAX_DEPTH + 2:
            raise _too_deep(path, _place(event.start_mark))
        if count > 2 * MAX_VALUES:
            raise _too_many(path)


class _Builder:
    """Turns YAML nodes into plain values and remembers where each was."""

    def __init__(self, yaml: YAML, path: Path) -> None:
        self._scalars = {
            f"{_TAG}int": yaml.constructor.construct_yaml_int,
            f"{_TAG}float": yaml.constructor.construct_yaml_float,
            f"{_TAG}bool": yaml.constructor.construct_yaml_bool,
            f"{_TAG}null": yaml.constructor.construct_yaml_null,
        }
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
        self._values[keys] = _place(node.start_mark)
        if isinstance(node, ScalarNode):
            return self._scalar(node, keys)
        if node.tag not in _COLLECTION_TAGS:
            self._refuse_tag(node, keys)
        if isinstance(node, SequenceNode):
            return self._sequence(node, keys)
        return self._mapping(node, keys)

    def _scalar(self, node: ScalarNode, keys: Keys) -> Any:
        construct = self._scalars.get(str(node.tag))
        if construct is not None:
            try:
                return construct(node)
            except (ValueError, KeyError, IndexError, OverflowError):
                self._report(
                    node, keys, f"{quoted(node.value)} cannot be read as {str(node.tag).removeprefix(_TAG)}."
                )
                return None
        if node.tag not in _TEXT_TAGS:
            self._refuse_tag(node, keys)
        return self._text(node, keys)

    def _text(self, node: ScalarNode, keys: Keys) -> str:
        text: str = node.value.strip()
        if _SURROGATE.search(text):
            self._report(node, keys, "The text holds half of a surrogate pair, which is no character.")
            text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
        return text

    def _sequence(self, node: SequenceNode, keys: Keys) -> list[Any]:
        items = []
        for index, item in enumerate(node.value):
            here = (*keys, index)
            self._keys[here] = _place(item.start_mark)
            items.append(self._value(item, here))
        return items

    def _mapping(self, node: Node, keys: Keys) -> dict[str, Any]:
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
            self._keys[here] = _place(name.start_mark)
            data[text] = self._value(value, here)
        return data

    def _pairs(self, node: Node, keys: Keys, depth: int) -> list[tuple[Node, Node, bool]]:
        """The entries of a mapping, its own before those merged in with `<<`, which never replace."""
        own: list[tuple[Node, Node, bool]] = []
        merged: list[tuple[Node, Node, bool]] = []
        for name, value in node.value:
            self._spend(name, len(keys) + depth)
            if name.tag != _MERGE:
                own.append((name, value, depth > 0))
                continue
            for source in value.value if isinstance(value, SequenceNode) else (value,):
                if isinstance(source, MappingNode):
                    merged += self._pairs(source, keys, depth + 1)
                else:
                    self._report(name, keys, "`<<` merges mappings; this is none.")
        return own + merged

    def _key(self, node: Node, keys: Keys) -> str | None:
        if not isinstance(node, ScalarNode):
            self._report(node, keys, "A key is text; this is a list or a mapping.")
            return None
        text = self._text(node, keys)
        # decimals, as the levels of quantiles are, are kept as they are written
        if node.tag not in _TEXT_TAGS and not _DECIMAL.fullmatch(text):
            self._report(node, keys, f"The key {quoted(text)} is not text; put it in quotes.")
        return text

    def _spend(self, node: Node, depth: int) -> None:
        self._count += 1
        if self._count > MAX_VALUES:
            raise _too_many(self._path)
        if depth > MAX_DEPTH:
            raise _too_deep(self._path, _place(node.start_mark))

    def _refuse_tag(self, node: Node, keys: Keys) -> None:
        tag = str(node.tag).replace(_TAG, "!!")
        self._report(node, keys, f"The tag {quoted(tag)} is not allowed; monitors hold plain values.")

    def _report(self, node: Node, keys: Keys, message: str) -> None:
        place = _place(node.start_mark)
        self._problems.append(Problem(self._path, *place, dotted(keys), message))


def _place(mark: StringMark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _end_of(text: str) -> Place:
    return Place(text.count("\n") + 1, len(text) - text.rfind("\n"))


def _too_deep(path: Path, place: Place) -> MonitorError:
    return _fatal(path, f"The values are nested more than {MAX_DEPTH} levels deep.", place)


def _too_many(path: Path) -> MonitorError:
    return _fatal(path, f"The file has more than {MAX_VALUES:,} values once its aliases are expanded.")


def _fatal(path: Path, message: str, place: Place = _WHOLE_FILE) -> MonitorError:
    return MonitorError([Problem(path, *place, "", message)])

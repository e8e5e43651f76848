"""Values as YAML writes them, and lines with the comment that says why."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping

WIDTH = 110
"""Columns of a line, as of the project's own files."""

#: Texts that need no quotes: in a list or mapping on one line, and elsewhere.
_IN_FLOW = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_PLAIN = re.compile(r"(?:[A-Za-z_]|/|\./|\.\./)[A-Za-z0-9_./{}*=%-]*(?::%[A-Za-z-]+[A-Za-z0-9_./{}*=%-]*)*")
_NO_TEXTS = re.compile("true|false|yes|no|on|off|null|y|n", re.IGNORECASE)


def scalar(value: object, *, flow: bool = True) -> str:
    """A value; texts that YAML would take for something else are quoted.

    >>> scalar("late"), scalar("no"), scalar("1"), scalar(0.5), scalar(True), scalar("a: b")
    ('late', '"no"', '"1"', '0.5', 'true', '"a: b"')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    text = str(value)
    plain = (_IN_FLOW if flow else _PLAIN).fullmatch(text)
    return text if plain and not _NO_TEXTS.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def sequence(values: Iterable[object]) -> str:
    """A list on one line.

    >>> sequence(["a", 1])
    '[a, 1]'
    """
    return f"[{', '.join(map(scalar, values))}]"


def mapping(values: Mapping[str, object]) -> str:
    """A mapping on one line.

    >>> mapping({"type": "number", "min": 0})
    '{type: number, min: 0}'
    """
    return f"{{{entries(values)}}}"


def entries(values: Mapping[str, object]) -> str:
    """Keys and values as they stand between the braces of a mapping."""
    return ", ".join(
        f"{scalar(key)}: {sequence(value) if isinstance(value, list | tuple) else scalar(value)}"
        for key, value in values.items()
    )


def comment(text: str, indent: int = 0) -> Iterator[str]:
    """Lines of comment; those of the text stay apart."""
    begin = f"{' ' * indent}# "
    for line in text.splitlines():
        yield from textwrap.wrap(_shown(line), WIDTH, initial_indent=begin, subsequent_indent=begin) or ["#"]


def entry(key: str, value: str, why: str = "", *, indent: int = 0, sure: bool = True) -> Iterator[str]:
    """A key with its value, and the comment that says why: beside it, or above it if that is too long.

    Args:
        key: the key.
        value: the value as it is written; empty for a mapping below.
        why: what speaks for it.
        indent: blanks before the key.
        sure: whether nothing speaks for anything else; if not, the comment says so, above.
    """
    line = f"{' ' * indent}{key}: {value}".rstrip()
    beside = f"{line}  # {_shown(why)}" if why else line
    if sure and len(beside) <= WIDTH:
        yield beside
        return
    yield from comment(why if sure else f"GUESS: {why}", indent)
    yield line


def _shown(text: str) -> str:
    """Text of people's data in a comment: nothing in it ends the line."""
    return "".join(each if each.isprintable() else " " for each in text)

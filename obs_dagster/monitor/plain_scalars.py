"""What a plain value of YAML means: a number, true or false, nothing, or a text (YAML 1.2, core schema)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

TAG = "tag:yaml.org,2002:"
"""What the tags of YAML's own types begin with."""
TEXT = f"{TAG}str"
MERGE = f"{TAG}merge"

#: By tag, in the order in which they are tried.
_PATTERNS = {
    f"{TAG}null": re.compile(r"~|null|Null|NULL|"),
    f"{TAG}bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    f"{TAG}int": re.compile(r"[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)"),
    f"{TAG}float": re.compile(
        r"[-+]?([0-9][0-9_]*\.[0-9_]*|[0-9][0-9_]*(?=[eE])|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
    ),
    MERGE: re.compile("<<"),
}
#: What a value that is no text can begin with.
_FIRST = frozenset("~nNtTfF-+.0123456789<")
_BASES = {"0b": 2, "0o": 8, "0x": 16}


def tag_of(written: str) -> str:
    """The tag of a value without quotes and without a tag of its own.

    >>> tag_of("7"), tag_of("1e3"), tag_of("yes"), tag_of("2013-04-01")
    ('tag:yaml.org,2002:int', 'tag:yaml.org,2002:float', 'tag:yaml.org,2002:str', 'tag:yaml.org,2002:str')
    """
    if written and written[0] not in _FIRST:
        return TEXT
    return next((tag for tag, pattern in _PATTERNS.items() if pattern.fullmatch(written)), TEXT)


def _integer(written: str) -> int:
    digits = written.replace("_", "")
    return int(digits, _BASES.get(digits.lstrip("+-")[:2], 10))


def _number(written: str) -> float:
    return float(re.sub(r"_|\.(?=[in])", "", written.lower()))


def _truth(written: str) -> bool:
    return {"true": True, "false": False}[written.lower()]


CONSTRUCT: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        f"{TAG}null": lambda _: None,
        f"{TAG}bool": _truth,
        f"{TAG}int": _integer,
        f"{TAG}float": _number,
    }
)
"""The value of what has a tag, by tag; a ValueError or KeyError where it is none."""

"""Globs over keys, which know no folders."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import PurePosixPath

EVERYWHERE = "**"
#: A star, a question mark, a set of characters, or any other one.
_PIECES = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)


def literal_parts(pattern: str) -> tuple[list[str], list[str]]:
    """The parts of a pattern before the first that matches several names, and the rest.

    >>> literal_parts("logs/day=2024-03-05/*.parquet")
    (['logs', 'day=2024-03-05'], ['*.parquet'])
    """
    parts = list(PurePosixPath(pattern).parts)
    fixed = list(takewhile(lambda part: not glob.has_magic(part), parts))
    return fixed, parts[len(fixed) :]


def matcher(parts: Sequence[str], *, hidden: bool = True) -> Callable[[str], bool]:
    """Tells whether a key, below the folder of a pattern, matches it.

    Args:
        parts: of the pattern; `**` is any number of folders.
        hidden: whether `*`, `?` and `**` match names that begin with a dot.
    """
    visible = "" if hidden else r"(?!\.)"
    shape = ""
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        if part == EVERYWHERE:
            shape += rf"(?:{visible}[^/]+/)*" + (rf"{visible}[^/]+" if last else "")
            continue
        named = "" if part.startswith(".") or not glob.has_magic(part) else visible
        shape += named + _names(part) + ("" if last else "/")
    return re.compile(shape, re.DOTALL).fullmatch  # type: ignore[return-value]


def _names(part: str) -> str:
    """A part of a pattern as a regular expression that matches no slash."""
    shape = ""
    for piece in _PIECES.findall(part):
        if piece in ("*", "?"):
            shape += "[^/]*" if piece == "*" else "[^/]"
        elif len(piece) > 1:
            inside = piece[1:-1].replace("\\", r"\\")
            shape += f"(?!/)[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"
        else:
            shape += re.escape(piece)
    return shape

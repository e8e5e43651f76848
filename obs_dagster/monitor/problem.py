"""What is wrong in a monitor file: where, what, and what would be right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from obs_dagster.errors import ObsError

Keys = tuple[str | int, ...]
"""The way from the top of a document to one of its values: keys of mappings and indexes of lists."""

_LONGEST_QUOTE = 60
MOST_NAMES = 40
"""Names that are listed; of more than these, the first ones."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a monitor file.

    Attributes:
        file: the monitor file.
        line: 1-based; 0 when the problem is about the file as a whole.
        column: 1-based; 0 when the problem is about the file as a whole.
        key: the path of the key (`alerts[0].metric`); empty for the file as a whole.
        message: what is wrong, as a sentence.
        legal: the values, names or keys that would be right, where they can be listed.
        nearest: what was probably meant.
    """

    file: Path
    line: int
    column: int
    key: str
    message: str
    legal: tuple[str, ...] = ()
    nearest: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else str(self.file)
        text = f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"
        if self.nearest is not None:
            text += f" Did you mean {quoted(self.nearest)}?"
        if self.legal:
            shown = ", ".join(clipped(name) for name in self.legal[:MOST_NAMES])
            hidden = len(self.legal) - MOST_NAMES
            text += f" Legal: {shown}, and {hidden} more." if hidden > 0 else f" Legal: {shown}."
        return text

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Sorts problems the way a reader walks through the files."""
        return (str(self.file), self.line, self.column, self.key, self.message)


class MonitorError(ObsError):
    """One or more monitor files cannot be used; `problems` has every mistake, sorted by file and line.

    Its text has one problem a line. The remedy is part of each problem: its legal values and nearest name.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda problem: problem.order))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def dotted(keys: Keys) -> str:
    """Write a key path as people do.

    >>> dotted(("alerts", 0, "metric"))
    'alerts[0].metric'
    >>> dotted(("features", "dep. hour", "min"))
    "features['dep. hour'].min"
    """
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        elif re.fullmatch(r"[^\W\d][\w-]*", key):
            text += f".{key}" if text else key
        else:
            text += f"[{quoted(key)}]"
    return text


def clipped(text: str, most: int = _LONGEST_QUOTE) -> str:
    r"""Make a text from a file safe to print in one line: escapes shown, long texts cut.

    >>> clipped("two\nlines")
    'two\\nlines'
    """
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in cut)


def quoted(text: str) -> str:
    """Quote a text from a file, safe to print in one line."""
    return f"'{clipped(text)}'"


def nearest(name: str, names: Collection[str], *, most: int = 500) -> str | None:
    """The one of `names` that `name` is most likely a misspelling of, or None.

    Case is ignored. Only the first `most` names are considered, which keeps huge files fast.

    >>> nearest("recal", ["precision", "recall"])
    'recall'
    """
    candidates = {other.lower(): other for other in list(names)[:most]}
    found = difflib.get_close_matches(name[:_LONGEST_QUOTE].lower(), candidates, n=1)
    return candidates[found[0]] if found else None

"""What is measured of a world, a file for each tool and case: a run that was cut goes on where it was.

Only the standard library, for peers import it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kept:
    """What one tool said of the cases of a world.

    Attributes:
        folder: the world's.
        tool: whose.
    """

    folder: Path
    tool: str

    def missing(self, cases: Iterable[str]) -> list[str]:
        """The cases of which nothing is kept yet."""
        return [case for case in cases if not self._path(case).exists()]

    def read(self, case: str) -> list[Any]:
        """What was said of the nights of a case."""
        nights: list[Any] = json.loads(self._path(case).read_text(encoding="utf-8"))
        return nights

    def write(self, case: str, nights: list[Any]) -> None:
        """Keep what was said of a case: all of it, or nothing if the process ends."""
        path = self._path(case)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(".part")
        aside.write_text(json.dumps(nights), encoding="utf-8")
        aside.replace(path)

    def _path(self, case: str) -> Path:
        return self.folder / self.tool / f"{called(case)}.json"


def called(case: str) -> str:
    """A case as files are called.

    >>> called("unit change/2")
    'unit change 2'
    """
    return case.replace("/", " ")

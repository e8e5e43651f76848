"""What can be measured: each part says what it runs, and how its results read."""

from __future__ import annotations

from typing import Any, Protocol

from bench.options import Options
from bench.parts import (
    alarms,
    backfill,
    content,
    detection,
    evaluation,
    expectations,
    fleet,
    night,
    objects,
    same_work,
    scan,
    serving,
    spark,
    tasks,
    telemetry,
    width,
    windows,
)
from bench.workspace import Workspace


class Part(Protocol):
    """A module of this folder."""

    NAME: str

    def run(self, options: Options, workspace: Workspace) -> None:
        """Measure, and keep the results."""

    def headline(self, cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
        """What the kept results come to: what was measured, and the figures."""

    def section(self, cases: dict[str, dict[str, Any]]) -> str:
        """The kept results as tables in Markdown."""


_ALL: tuple[Part, ...] = (
    evaluation,
    same_work,
    scan,
    night,
    objects,
    fleet,
    tasks,
    backfill,
    width,
    expectations,
    windows,
    serving,
    spark,
    alarms,
    detection,
    content,
    telemetry,
)
PARTS: dict[str, Part] = {part.NAME: part for part in _ALL}

"""Versions and programs that are new."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from obs_dagster.causes.component import Component, Happening
from obs_dagster.causes.telemetry import Telemetry
from obs_dagster.history.usage import program_changes


def _known(telemetry: Telemetry) -> Iterator[dt.date]:
    # the first night has nothing before it that would tell what is new
    yield from (night.day for night in telemetry.nights[1:])


def _happened(telemetry: Telemetry) -> Iterator[Happening]:
    seen: set[str] = set()
    for night in telemetry.nights:
        if seen:
            for version in sorted(set(night.versions) - seen):
                yield Happening(night.day, f"version {version} was first seen")
        seen.update(night.versions)
    for day in telemetry.programs:
        if changed := program_changes(telemetry.programs, day):
            yield Happening(day, f"the night ran with other programs: {', '.join(changed)}")


COMPONENT = Component(
    name="release",
    stage=1,
    title="releases",
    trouble="a new version or program",
    outside=True,
    happened=_happened,
    known=_known,
)

"""What a night has found of where and why, kept in words, for who tells of alerts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from obs_dagster.lake.lake import Lake, read_json, write_json

WHERE = "where"
"""The folder of the lake."""

Sentences = Mapping[str, Mapping[str, str]]
"""By version and metric."""


def keep_sentences(model: str, lake: Lake, day: dt.date, told: Sentences) -> None:
    """Keep what was found of a day."""
    write_json(_path(model, lake, day), told)


def kept_sentence(model: str, lake: Lake, day: dt.date, version: str, metric: str) -> str:
    """What was found of a version's metric on a day; empty if nothing was.

    Raises:
        LakeError: the file is damaged.
    """
    found = read_json(_path(model, lake, day)) or {}
    return str(found.get(version, {}).get(metric, ""))


def _path(model: str, lake: Lake, day: dt.date) -> Path:
    return lake.folder(model, WHERE) / f"day={day.isoformat()}" / "where.json"

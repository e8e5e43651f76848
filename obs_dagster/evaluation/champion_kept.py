"""Which version was the champion on a night, kept, so that a night which is run again has the same."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from obs_dagster.errors import LakeError
from obs_dagster.evaluation.night import Night
from obs_dagster.lake.lake import read_json, write_json
from obs_dagster.versus.champion import Champion

CHAMPIONS = "champion"
"""The folder of the lake."""


def keep_champion(night: Night, day: dt.date, champion: Champion) -> None:
    """Keep who the champion was on a day, if that is known and not what is kept already."""
    if champion.version and kept_champion(night, day) != champion:
        write_json(_path(night, day), {"named": night.monitor.champion, "version": champion.version})


def kept_champion(night: Night, day: dt.date) -> Champion | None:
    """The champion of a day as it is named now; None if nothing is kept, or of another name."""
    try:
        found = read_json(_path(night, day))
    except LakeError:
        # it is asked for again and written anew
        return None
    if not isinstance(found, dict) or found.get("named") != night.monitor.champion:
        return None
    return Champion(str(found["version"]))


def _path(night: Night, day: dt.date) -> Path:
    folder = night.lake.folder(night.monitor.model, CHAMPIONS)
    return folder / f"day={day.isoformat()}" / "champion.json"

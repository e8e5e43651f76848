"""Days whose records were not stored since their outcomes changed: who changed these was killed between.

A ledger in the lake holds, per day, which outcomes its stored records follow from. It is written when they
are stored; two runs at once can only make a day be evaluated once more.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from obs_dagster.evaluation.component_outcomes import component_outcomes
from obs_dagster.evaluation.night import Night
from obs_dagster.lake.lake import Table, read_json, write_json


def owed_days(night: Night, stale: Collection[dt.date]) -> set[dt.date]:
    """Days whose outcomes are not those that their records were stored of.

    Args:
        night: what they are evaluated with.
        stale: days whose outcomes are about to change. Where there is no ledger, as in a lake of an earlier
            version, it begins with the others as they are.

    Raises:
        LakeError: the ledger is damaged.
    """
    found = digests(night, [day for day in night.outcomes.days() if day not in stale])
    kept = read_json(_ledger(night))
    if kept is None:
        settle(night, found)
        return set()
    return {day for day, digest in found.items() if kept.get(day.isoformat()) != digest}


def digests(night: Night, days: Collection[dt.date]) -> dict[dt.date, str]:
    """What stands for the outcomes of days, as they are now; days without any are left out."""
    found = {day: night.outcomes.readable(day) for day in days}
    parts = component_outcomes(night)
    return {
        day: hashlib.sha256(f"{manifest.get('fingerprint')}{_parts(parts, day)}".encode()).hexdigest()[:16]
        for day, manifest in found.items()
        if manifest is not None
    }


def _parts(table: Table, day: dt.date) -> str:
    """What stands for the outcomes by components, if there are any."""
    return str((table.readable(day) or {}).get("fingerprint", ""))


def settle(night: Night, stored: Mapping[dt.date, str]) -> None:
    """The records of days were stored; each with what stood for its outcomes before they were evaluated."""
    file = _ledger(night)
    kept = read_json(file) or {}
    told = {**kept, **{day.isoformat(): digest for day, digest in stored.items()}}
    if told != kept or not file.exists():
        write_json(file, told)


def _ledger(night: Night) -> Path:
    return night.lake.folder(night.monitor.model, "performance") / "evaluated.json"

"""What a place was told, and how that went: a file for each in `exports` of the home.

It is lost with the home, and then everything is sent once more, which does no harm.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from obs_dagster.exports.configured import Destination
from obs_dagster.lake.lake import replacing
from obs_dagster.settings import Settings

_FIRST_PAUSE = dt.timedelta(minutes=1)
_LAST_PAUSE = dt.timedelta(hours=1)
_MOMENTS = ("sent_at", "tried_at", "again_at", "looked_at")


@dataclass(frozen=True, slots=True)
class Told:
    """How a place stands.

    Attributes:
        sent_at: when it took samples last; None if never.
        tried_at: when it was tried last.
        again_at: a place that failed is left alone until then.
        looked_at: when it was looked last which days have changed.
        samples: how many it took.
        error: why it failed last, without secrets; empty if it did not.
        attempts: how often in a row it failed.
        digest: of the samples that it took.
        days: by model and day, the stamp of the records that it took.
    """

    sent_at: dt.datetime | None = None
    tried_at: dt.datetime | None = None
    again_at: dt.datetime | None = None
    looked_at: dt.datetime | None = None
    samples: int = 0
    error: str = ""
    attempts: int = 0
    digest: str = ""
    days: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def succeeded(self, now: dt.datetime, **changes: Any) -> Told:
        """After it took what it was sent."""
        return replace(self, tried_at=now, again_at=None, error="", attempts=0, **changes)

    def failed(self, now: dt.datetime, error: str, **changes: Any) -> Told:
        """After it did not: it is left alone for a time that doubles, up to an hour."""
        pause = min(_FIRST_PAUSE * 2 ** min(self.attempts, 10), _LAST_PAUSE)
        return replace(
            self, tried_at=now, again_at=now + pause, error=error, attempts=self.attempts + 1, **changes
        )


def told(settings: Settings, place: Destination) -> Told:
    """What is known of a place; as if nothing were where its file is missing or damaged."""
    try:
        kept = json.loads(_file(settings, place).read_text(encoding="utf-8"))
        moments = {name: kept[name] and dt.datetime.fromisoformat(kept[name]) for name in _MOMENTS}
        return Told(**{**kept, **moments})
    except (OSError, ValueError, KeyError, TypeError):
        return Told()


def keep(settings: Settings, place: Destination, state: Told) -> None:
    """Write it down.

    Raises:
        OSError: it cannot be written.
    """
    file = _file(settings, place)
    file.parent.mkdir(parents=True, exist_ok=True)
    written = {
        name: value.isoformat() if isinstance(value, dt.datetime) else value
        for name, value in asdict(state).items()
    }
    with replacing(file) as aside:
        aside.write_text(json.dumps(written), encoding="utf-8")


def _file(settings: Settings, place: Destination) -> Path:
    return settings.root / "exports" / f"{place.key}.json"

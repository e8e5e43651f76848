"""What became of the assets that a model's log depends on: that one failed, changed, or did not come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import Connection, insert, select

from obs_dagster.history.alert_tables import UPSTREAM
from obs_dagster.history.names import storable_text

Became = Literal["failed", "late", "changed"]


@dataclass(frozen=True, slots=True)
class UpstreamEvent:
    """Something that happened to an asset of somebody else's.

    Attributes:
        model: the model whose monitor names the asset.
        asset: its key, parts joined by `/`.
        became: what it is: its run failed, it did not come when it usually does, or its code or columns did
            change.
        day: the day that it is about, or on which it happened, in the monitor's time zone.
        at: when it happened (UTC).
        told: what is to be said of it, without secrets.
        cause: tells it from others of its kind: the run, or the day.
    """

    model: str
    asset: str
    became: Became
    day: dt.date
    at: dt.datetime
    told: str
    cause: str


def record(connection: Connection, events: Iterable[UpstreamEvent]) -> None:
    """Keep events; one that is known already stays as it is."""
    for event in events:
        values = asdict(event) | {
            name: storable_text(getattr(event, name)) for name in ("asset", "told", "cause")
        }
        same = [UPSTREAM.c[name] == values[name] for name in ("model", "asset", "became", "cause")]
        if connection.execute(select(UPSTREAM.c.day).where(*same)).first() is None:
            connection.execute(insert(UPSTREAM).values(values))


def read(connection: Connection, model: str, first: dt.date, last: dt.date) -> list[UpstreamEvent]:
    """The events of a model that are about days between two, both included, the latest first."""
    query = (
        select(UPSTREAM)
        .where(UPSTREAM.c.model == model, UPSTREAM.c.day.between(first, last))
        .order_by(UPSTREAM.c.day.desc(), UPSTREAM.c.at.desc(), UPSTREAM.c.asset)
    )
    return [UpstreamEvent(**row) for row in connection.execute(query).mappings()]

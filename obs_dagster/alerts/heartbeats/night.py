"""What is told of a night to who watches from outside."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Night:
    """A model's last night.

    Attributes:
        model: the model.
        at: when it ended (UTC).
        told: what there is to say, in a line.
        schedule: when nights are due (cron).
        time_zone: in which time zone.
        failed: whether it did not finish.
    """

    model: str
    at: dt.datetime
    told: str
    schedule: str
    time_zone: str
    failed: bool = False

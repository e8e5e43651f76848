"""What validation counted of a day's rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What the checks of a day's rows counted.

    Attributes:
        rows: all rows that were read: good, bad, and repeated.
        quarantined: rows that broke the contract.
        duplicates: rows whose prediction another row has, which counts.
        schema_changes: columns that are new, missing or of another type.
        broken_columns: those of them that are declared.
        schema_events: columns that came, went, were renamed or have another type than on the day before.
        conflicts: ids whose rows say different things of one prediction.
        day: whose rows they are; None if it is not told.
        before: nights before it that say how nights differ, with their rows, in the order of time.
    """

    rows: int
    quarantined: int
    duplicates: int
    schema_changes: int
    broken_columns: int = 0
    schema_events: int = 0
    conflicts: int = 0
    day: dt.date | None = None
    before: Sequence[tuple[dt.date, int]] = ()

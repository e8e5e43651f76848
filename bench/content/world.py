"""A log with content: its days, and what may happen to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FIRST = dt.date(2024, 1, 1)
REFERENCE = 28
"""Days that what comes later is compared with."""

COLUMN = "content"
Values = list[Any]
Happening = Callable[[Values, np.random.Generator], Values]
"""From the values of a day to those that are logged."""


@dataclass(frozen=True)
class World:
    """A log with a column of content.

    Attributes:
        name: in results.
        told: what the values are, in words.
        feature: the column, as a monitor has it.
        values: so many values of a day, by its chance.
        faults: what may happen, by what it is called.
        rows: of a day.
    """

    name: str
    told: str
    feature: Mapping[str, Any]
    values: Callable[[int, np.random.Generator], Values]
    faults: Mapping[str, Happening]
    rows: int = 1_000

    def day(self, number: int) -> dt.date:
        """A day by its number, from 0 on."""
        return FIRST + dt.timedelta(days=number)

    def served(self, day: dt.date, fault: Happening | None = None) -> pd.DataFrame:
        """The log of a day."""
        chance = np.random.default_rng((day.toordinal(), 1))
        values = self.values(self.rows, chance)
        if fault is not None:
            values = fault(values, np.random.default_rng((day.toordinal(), 2)))
        return _log(day, values, [f"{day}-{number}" for number in range(self.rows)], chance)

    def write(self, home: Path, day: dt.date, fault: Happening | None = None) -> None:
        """Write the log of a day below a home."""
        _write(home, day, self.served(day, fault))

    def write_values(self, home: Path, day: dt.date, values: Values) -> None:
        """Write a log of certain values, whose ids are their places, below a home."""
        ids = [str(place) for place in range(len(values))]
        _write(home, day, _log(day, values, ids, np.random.default_rng(0)))

    def monitor(self) -> dict[str, Any]:
        """The monitor as a person would write it, without rules."""
        return {
            "model": self.name,
            "start": FIRST,
            "logs": {
                "source": "parquet",
                "path": "${OBS_HOME}/logs/{day}.parquet",
                "columns": {"prediction_id": "id", "time": "at", "version": "version", "score": "score"},
            },
            "features": {COLUMN: dict(self.feature)},
            "baseline": {"kind": "days", "first": FIRST, "last": self.day(REFERENCE - 1)},
            "windows": [1, 7],
        }


def _log(day: dt.date, values: Values, ids: Sequence[str], chance: np.random.Generator) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "id": [*ids],
            "at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(len(ids)) % 86_400, "s"),
            "version": "1",
            "score": chance.beta(2, 5, len(ids)),
            COLUMN: pd.Series(values, dtype=object),
        }
    )


def _write(home: Path, day: dt.date, log: pd.DataFrame) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = home / "logs" / f"{day}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pandas(log, preserve_index=False), path)


def some(share: float, change: Callable[[Any, np.random.Generator], Any]) -> Happening:
    """Changes each value with a chance."""

    def happen(values: Values, chance: np.random.Generator) -> Values:
        hit = chance.uniform(size=len(values)) < share
        return [change(each, chance) if there else each for each, there in zip(values, hit, strict=True)]

    return happen

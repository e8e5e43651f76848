"""Rows of the baseline that are most like a prediction's, and how unlike the baseline it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from obs_dagster.explain.explainable import FloatArray

if TYPE_CHECKING:
    import pandas as pd

_COMPARED = 300
"""Rows of the baseline whose own distance to the next one is looked at."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The baseline's rows as points.

    Distances are Gower's (Biometrics 27, 1971, 857-871): the mean over the features of |difference| over the
    range of the middle 90 %, at most 1; for names 0 if they are equal, else 1; a missing value is only like
    another one.

    Attributes:
        rows: the baseline's rows, with exactly the model's inputs.
        ranges: of each column that is a number.
    """

    rows: pd.DataFrame
    ranges: dict[str, float]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Neighbourhood:
        """Of a sample of the baseline."""
        import pandas as pd

        ranges = {}
        for name in rows.columns:
            column = rows[name]
            if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
                values = column.to_numpy(dtype=np.float64, na_value=np.nan)
                known = values[np.isfinite(values)]
                low, high = np.percentile(known, [5, 95]) if known.size else (0.0, 0.0)
                ranges[name] = float(high - low) or (float(np.ptp(known)) if known.size else 0.0) or 1.0
        return cls(rows, ranges)

    def distances(self, row: pd.DataFrame) -> FloatArray:
        """How far each of the baseline's rows is from one row, 0 to 1, shape (n,)."""
        total: FloatArray = np.zeros(len(self.rows))
        for name in self.rows.columns:
            there, here = self.rows[name], row[name].iloc[0]
            missing, lacks = there.isna().to_numpy(), _is_missing(here)
            if lacks:
                apart = np.where(missing, 0.0, 1.0)
            elif (number := self._number(name, here)) is not None:
                values = there.to_numpy(dtype=np.float64, na_value=np.nan)
                with np.errstate(invalid="ignore", over="ignore"):
                    apart = np.minimum(np.abs(values - number) / self.ranges[name], 1.0)
                apart = np.where(missing, 1.0, np.nan_to_num(apart, nan=1.0))
            else:
                apart = (there.astype(str).to_numpy() != str(here)).astype(np.float64)
            total += apart
        return total / max(len(self.rows.columns), 1)

    def _number(self, name: str, value: object) -> float | None:
        if name not in self.ranges:
            return None
        try:
            return float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return None

    def unlike(self, nearest: float) -> float:
        """The share of the baseline's rows that have a row as near as this or nearer, 0 to 1.

        Near 1, a row is further from the baseline than its own rows are from each other: what the model says
        of it, and why, rests on few rows or on none.

        Args:
            nearest: the distance to the next row of the baseline.
        """
        count = len(self.rows)
        if count < 2:  # noqa: PLR2004
            return 0.0
        places = np.unique(np.linspace(0, count - 1, min(count, _COMPARED)).astype(int))
        own = []
        for place in places:
            apart = self.distances(self.rows.iloc[[place]])
            apart[place] = np.inf
            own.append(float(apart.min()))
        return float(np.mean(np.array(own) < nearest - 1e-12))


def _is_missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124  NaN is not itself, nor is a missing time


def plain(value: object) -> str | float | int | bool | None:
    """A value of a row as plain data; None for a missing one."""
    import pandas as pd

    if value is None or value is pd.NA or _is_missing(value):
        return None
    item = value.item() if isinstance(value, np.generic) else value
    return item if isinstance(item, str | float | int | bool) else str(item)

"""Two generated worlds: days that are alike, and days that differ as those of real logs do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.detection.world import ID, LABEL, TIME, Roles, World

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

ROWS = 1_000
_YEAR = 365
_REGIONS = {"north": 0.4, "south": 0.3, "east": 0.15, "west": 0.1, "isles": 0.05}
_CHANNELS = {"shop": 0.5, "web": 0.3, "phone": 0.2}
_PLANS = {"basic": 0.45, "plus": 0.3, "family": 0.2, "trial": 0.05}
_FEATURES: dict[str, dict[str, object]] = {
    "temperature": {"type": "number"},
    "income": {"type": "number", "min": 0},
    "spend": {"type": "number", "min": 0},
    "tenure": {"type": "number", "min": 0},
    "age": {"type": "integer", "min": 0, "max": 130},
    "visits": {"type": "integer", "min": 0},
    "region": {"type": "category"},
    "channel": {"type": "category"},
    "plan": {"type": "category"},
}
_ROLES = Roles(
    unit=("temperature", lambda celsius: celsius * 1.8 + 32),
    nulls="income",
    common=("region", "north", "south"),
    named="plan",
    segment=("channel", "web", "temperature", 8.0),
    stale="temperature",
    pair=("income", "spend"),
    parts=("region", ("isles", "east", "north")),
)


@dataclass(frozen=True, slots=True)
class _Days:
    """How days differ.

    Attributes:
        seed: of all chance.
        shift: standard deviations by which a day's values are off.
        week, season: by how many they swing over a week, and over a year.
        weekend: rows of a day of the weekend, as a part of those of others.
    """

    seed: int
    shift: float = 0.0
    week: float = 0.0
    season: float = 0.0
    weekend: float = 1.0

    def __call__(self, day: dt.date) -> pd.DataFrame:
        import pandas as pd

        random = np.random.default_rng([self.seed, day.toordinal()])
        rows = int(random.poisson(ROWS * (self.weekend if day.weekday() > 4 else 1.0)))
        moved = self._moved(day, random)
        z = random.normal(size=(rows, 5)) + moved[:5]
        frame = pd.DataFrame(
            {
                ID: [f"{day}-{number}" for number in range(rows)],
                TIME: pd.Timestamp(day, tz="UTC")
                + pd.to_timedelta(np.sort(random.integers(0, 86_400, rows)), "s"),
                "temperature": 15 + 8 * z[:, 0],
                "income": np.exp(8 + 0.5 * z[:, 1]),
                "spend": np.exp(7.5 + 0.6 * z[:, 2]),
                "tenure": 24 * random.exponential(np.exp(0.5 * moved[3]), rows),
                "age": np.clip(np.rint(42 + 12 * z[:, 4]), 18, 95).astype(int),
                "visits": random.poisson(3 * np.exp(0.4 * moved[5]), rows),
            }
            | {
                name: _drawn(random, shares, rows, 0.3 * moved[6 + place])
                for place, (name, shares) in enumerate(
                    [("region", _REGIONS), ("channel", _CHANNELS), ("plan", _PLANS)]
                )
            }
        )
        # what the model does not know: how long ago the customer came, and what kind of day it is
        odds = _odds(frame) + 0.4 * np.log1p(frame["tenure"] / 24) - 0.25 + 0.5 * moved[9]
        frame[LABEL] = random.uniform(size=rows) < 1 / (1 + np.exp(-odds))
        return frame

    def _moved(self, day: dt.date, random: np.random.Generator) -> FloatArray:
        """By how many standard deviations each of ten things is off on a day."""
        fixed = np.random.default_rng(self.seed)
        weekly = fixed.normal(size=(7, 10))[day.weekday()]
        phases = fixed.uniform(0, 2 * np.pi, 10)
        yearly = np.sin(2 * np.pi * day.timetuple().tm_yday / 365 + phases)
        found: FloatArray = self.shift * random.normal(size=10) + self.week * weekly + self.season * yearly
        return found


def _drawn(random: np.random.Generator, shares: dict[str, float], rows: int, off: float) -> NDArray[np.str_]:
    """Values of a category, those in front more often on some days."""
    weights = np.array(list(shares.values())) * np.exp(off * np.linspace(1, -1, len(shares)))
    found: NDArray[np.str_] = random.choice(list(shares), rows, p=weights / weights.sum())
    return found


def _odds(rows: pd.DataFrame) -> FloatArray:
    """The log-odds that the model knows of."""
    numbers = rows[["temperature", "income", "spend", "age", "visits"]].astype(float)
    income, spend = (np.log(np.clip(numbers[name].fillna(2_980), 1, None)) for name in ("income", "spend"))
    found: FloatArray = np.asarray(
        -1.3
        + 0.5 * (numbers["temperature"] - 15) / 8
        + 0.6 * (8 - income) / 0.5
        + 0.4 * (spend - 7.5) / 0.6
        - 0.4 * (numbers["age"] - 42) / 12
        + 0.2 * (numbers["visits"] - 3)
        + rows["plan"].map({"trial": 1.2, "basic": 0.2}).fillna(0.0).astype(float),
        dtype=np.float64,
    )
    return found


def _score(rows: pd.DataFrame) -> FloatArray:
    return 1 / (1 + np.exp(-_odds(rows)))


def _older(rows: pd.DataFrame) -> FloatArray:
    """The version before: it had fewer features, and is as right on average."""
    income = np.log(np.clip(rows["income"].fillna(2_980).astype(float), 1, None))
    odds = -1.2 + 0.6 * (8 - income) / 0.5 - 0.4 * (rows["age"] - 42) / 12
    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float64)


def _world(name: str, told: str, days: _Days) -> World:
    return World(
        name=name,
        told=told,
        first=dt.date(2024, 2, 5),
        zone="UTC",
        features=_FEATURES,
        rows=days,
        score=_score,
        older=_older,
        roles=_ROLES,
        after=_YEAR,
    )


def independent() -> World:
    """Rows that are independent draws."""
    return _world("independent", "generated: rows are independent draws, days are alike", _Days(1))


def seasonal() -> World:
    """Days that differ, by weekday, by season, and anyhow."""
    return _world(
        "seasonal",
        "generated: days shift by 0.2 standard deviations, with a rhythm of the week and of the year",
        _Days(2, shift=0.2, week=0.15, season=0.3, weekend=0.6),
    )

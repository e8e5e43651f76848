"""A fresh world: card payments, drawn otherwise than the worlds by which suspects were ranked."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from bench.detection.world import ID, LABEL, TIME, Roles, World

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_SEED, _ROWS, _NIGHTS = 41, 1_400, 12
_COUNTRIES = {"de": 0.34, "fr": 0.22, "pl": 0.16, "es": 0.14, "se": 0.09, "mt": 0.05}
_DEVICES = {"phone": 0.6, "desktop": 0.25, "terminal": 0.15}
_SHOPS = {"grocery": 0.3, "fuel": 0.2, "clothes": 0.2, "travel": 0.12, "games": 0.1, "other": 0.08}
_FEATURES: dict[str, dict[str, object]] = {
    "amount": {"type": "number", "min": 0},
    "balance": {"type": "number"},
    "distance": {"type": "number", "min": 0},
    "account_days": {"type": "integer", "min": 0},
    "payments_before": {"type": "integer", "min": 0},
    "hour": {"type": "integer", "min": 0, "max": 23},
    "risk_index": {"type": "number"},
    "country": {"type": "category"},
    "device": {"type": "category"},
    "shop": {"type": "category"},
}
_ROLES = Roles(
    unit=("amount", lambda euros: euros * 100),
    nulls="distance",
    common=("country", "de", "fr"),
    named="shop",
    segment=("device", "desktop", "risk_index", 1.0),
    stale="risk_index",
    pair=("account_days", "payments_before"),
    parts=("country", ("mt", "pl", "de")),
)


def _rows(day: dt.date) -> pd.DataFrame:
    """Payments of a day: columns go together, amounts have long tails, and weeks have a rhythm."""
    import pandas as pd

    random = np.random.default_rng([_SEED, day.toordinal()])
    fixed = np.random.default_rng(_SEED)
    # days are off together: a payday moves amounts, balances and numbers of payments
    off = 0.12 * random.normal(size=4) + 0.2 * fixed.normal(size=(7, 4))[day.weekday()]
    rows = int(random.poisson(_ROWS * (1.3 if day.weekday() in (4, 5) else 1.0)))
    habit = random.normal(size=rows) + off[0]
    hour = np.clip(np.rint(random.normal(14 + off[1], 5, rows)), 0, 23).astype(int)
    frame = pd.DataFrame(
        {
            ID: [f"{day}-{number}" for number in range(rows)],
            TIME: pd.Timestamp(day, tz="UTC")
            + pd.to_timedelta(np.sort(random.integers(0, 86_400, rows)), "s"),
            "amount": np.exp(3.2 + 0.9 * habit + 0.5 * random.standard_t(5, rows)),
            "balance": 900 + 700 * (habit + random.normal(size=rows)) + 300 * off[2],
            "distance": random.gamma(0.6, 40 * np.exp(0.2 * off[3]), rows),
            "account_days": random.geometric(1 / 700, rows),
            "payments_before": random.negative_binomial(3, 1 / (1 + 4 * np.exp(0.3 * habit)), rows),
            "hour": hour,
            "risk_index": random.normal(size=rows) + 0.3 * (hour > 20) + 0.3 * off[1],
            **{
                name: random.choice(list(shares), rows, p=_tilted(shares, 0.25 * off[place]))
                for place, (name, shares) in enumerate(
                    [("country", _COUNTRIES), ("device", _DEVICES), ("shop", _SHOPS)]
                )
            },
        }
    )
    odds = _odds(frame) + 0.5 * (frame["country"] == "mt") - 0.03 + 0.3 * off[3]
    frame[LABEL] = random.uniform(size=rows) < 1 / (1 + np.exp(-odds))
    return frame


def _tilted(shares: dict[str, float], off: float) -> FloatArray:
    weights = np.array(list(shares.values())) * np.exp(off * np.linspace(1, -1, len(shares)))
    found: FloatArray = weights / weights.sum()
    return found


def _odds(rows: pd.DataFrame) -> FloatArray:
    """The log-odds that the model knows of, with a crossing of columns and a threshold."""
    amount = np.log(np.clip(rows["amount"].astype(float), 0.01, None))
    distance = np.log1p(rows["distance"].astype(float).fillna(24).clip(lower=0))
    young = rows["account_days"].astype(float) < 90
    found: FloatArray = np.asarray(
        -2.2
        + 0.5 * (amount - 3.2)
        + 0.35 * (distance - 2.4) * (1 + 0.5 * (rows["device"] == "desktop"))
        + 0.9 * rows["risk_index"].astype(float)
        + 0.7 * young
        - 0.05 * rows["payments_before"].astype(float).clip(upper=60)
        + rows["shop"].map({"games": 0.9, "travel": 0.5}).fillna(0.0).astype(float),
        dtype=np.float64,
    )
    return found


def _score(rows: pd.DataFrame) -> FloatArray:
    return 1 / (1 + np.exp(-_odds(rows)))


def _older(rows: pd.DataFrame) -> FloatArray:
    """The version before it: amounts and the index alone."""
    amount = np.log(np.clip(rows["amount"].astype(float), 0.01, None))
    odds = -1.9 + 0.5 * (amount - 3.2) + 0.8 * rows["risk_index"].astype(float)
    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float64)


def payments() -> World:
    """Card payments, by which nothing was tuned."""
    return World(
        name="payments",
        told="generated: card payments whose columns go together, with paydays and weekends",
        first=dt.date(2025, 3, 3),
        zone="UTC",
        features=_FEATURES,
        rows=_rows,
        score=_score,
        older=_older,
        roles=_ROLES,
        after=_NIGHTS,
    )

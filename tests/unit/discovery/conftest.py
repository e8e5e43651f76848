"""A scoring service's log of a few days, and what can be changed about it."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FIRST = dt.date(2024, 3, 1)


@dataclass
class Service:
    """Writes logs and labels below one folder."""

    root: Path

    def rows(self, day: dt.date, n: int = 100) -> pd.DataFrame:
        """Rows of a day: the score is the probability of `fraud`, which is not in them."""
        rng = np.random.default_rng(day.toordinal())
        return pd.DataFrame(
            {
                "request_id": [f"{day}-{row}" for row in range(n)],
                "created_at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(n) * 800, "s"),
                "model_version": "v3",
                "amount": np.round(rng.lognormal(3, 0.6, n), 2),
                "age": rng.integers(18, 90, n),
                "country": rng.choice(["DE", "FR"], n),
                "score": rng.uniform(size=n).round(4),
                "latency_ms": rng.gamma(4, 10, n).round(1),
                "status": rng.choice([200, 200, 200, 500], n),
            }
        )

    def write(self, place: str, frame: pd.DataFrame) -> Path:
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            frame.to_parquet(path, index=False)
        elif path.suffix == ".jsonl":
            frame.to_json(path, orient="records", lines=True, date_format="iso")
        else:
            frame.to_csv(path, index=False)
        return path

    def log(
        self, days: int = 3, place="logs/{day}.csv", change=lambda frame: frame, n: int = 100
    ) -> list[pd.DataFrame]:
        frames = []
        for back in range(days):
            day = FIRST + dt.timedelta(days=back)
            frames.append(self.rows(day, n))
            self.write(place.format(day=day), change(frames[-1].copy()))
        return frames


@pytest.fixture
def service(tmp_path):
    return Service(tmp_path)

"""A small model with four days of log, run through the real command line."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

FIRST = dt.date(2024, 3, 1)
ROWS = 400

MONITOR = """
model: loan_default
start: 2024-03-01
end: 2024-03-05
logs:
  source: parquet
  path: ${OBS_HOME}/logs/day={day}.parquet
  columns: {prediction_id: id, time: at, version: version, score: score}
labels:
  source: parquet
  path: ${OBS_HOME}/labels/*.parquet
  columns: {prediction_id: id, label: defaulted}
  max_delay_days: 1
features:
  income: {type: number}
  region: {type: category}
  debt: {type: number}
  tenure: {type: number}
segments: [region]
baseline: {kind: days, first: 2024-03-01, last: 2024-03-02}
windows: [1]
reports: {evidently_every_days: 366}
alerts:
  - {name: busy, metric: volume, above: 350, summary: More rows than there should be.}
routes:
  - {url: "log://"}
"""


@dataclass(frozen=True)
class Home:
    """A home folder, its monitors, and `obs` run against them."""

    root: Path
    monitors: Path

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OBS_", "MLFLOW_"))}
        return kept | {"OBS_HOME": str(self.root), "OBS_MONITORS": str(self.monitors), "COLUMNS": "300"}

    @staticmethod
    def command(*args: str) -> Sequence[str]:
        return [str(Path(sys.executable).with_name("obs")), *args]

    def obs(self, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*args),
            env=self.environ | environ,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )


def make_home(root: Path) -> Home:
    root.mkdir(parents=True, exist_ok=True)
    monitors = root / "monitors"
    monitors.mkdir()
    (monitors / "loan_default.yaml").write_text(MONITOR)
    return Home(root, monitors)


def write_days(home: Home, days: int = 4, rows: int = ROWS) -> None:
    random = np.random.default_rng(7)
    for folder in ("logs", "labels"):
        (home.root / folder).mkdir()
    for day in (FIRST + dt.timedelta(days=back) for back in range(days)):
        ids = [f"{day}-{row}" for row in range(rows)]
        score = random.uniform(size=rows)
        noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
        log = {
            "id": ids,
            "at": [noon] * rows,
            "version": ["1"] * rows,
            "score": score,
            "income": random.normal(3_000, 500, size=rows),
            "region": random.choice(["north", "[red]south[/]"], size=rows),
            **_faulty(day, rows),
        }
        pq.write_table(pa.table(log), home.root / "logs" / f"day={day}.parquet")
        labels = {"id": ids, "defaulted": random.uniform(size=rows) < score}
        pq.write_table(pa.table(labels), home.root / "labels" / f"arrived={day}.parquet")


def _faulty(day: dt.date, rows: int) -> dict[str, object]:
    """Columns that are in another unit, and often null, from the third day on."""
    random = np.random.default_rng(day.toordinal())
    debt, tenure = random.lognormal(2.6, 0.8, size=rows), random.gamma(2, 20, size=rows)
    if day - FIRST < dt.timedelta(days=2):
        return {"debt": debt, "tenure": tenure}
    return {"debt": 1000 * debt, "tenure": pa.array(tenure, mask=random.uniform(size=rows) < 0.4)}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a monitor and no data."""
    return make_home(tmp_path / "home")


@pytest.fixture
def logged(home: Home) -> Home:
    """A home with four days of log that nothing has read."""
    write_days(home)
    return home


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, subprocess.CompletedProcess[str]]:
    """A home after a backfill of three days, and what the backfill said."""
    made = make_home(tmp_path_factory.mktemp("obs") / "home")
    write_days(made)
    days = ("--from", "2024-03-01", "--to", "2024-03-03")
    place = f"textfile://{made.root}/obs.prom"
    return made, made.obs("backfill", "loan_default", *days, OBS_EXPORTS=place)


@pytest.fixture
def with_days(home: Home) -> Home:
    """A home with a monitor and four days of log."""
    write_days(home)
    return home

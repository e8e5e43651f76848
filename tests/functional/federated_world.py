"""A classifier at three sites, of which none gives its rows away, and the same rows in one place."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

SITES = ("berlin", "lyon", "oslo")
FIRST = dt.date(2024, 3, 4)
DAYS = 3
LAST = FIRST + dt.timedelta(days=DAYS - 1)
ROWS = 260

_LOG = """
  columns: {prediction_id: id, time: at, version: model, score: score, latency_ms: ms, status: status}
"""
_BODY = """
model: fraud
start: 2024-03-04
features:
  amount: {type: number, min: 0}
  hour: {type: integer}
  country: {type: category}
  site: {type: category}
segments: [country, site]
baseline: {kind: days, first: 2024-03-04, last: 2024-03-05}
windows: [1, 7]
alerts: [{name: moved, metric: psi, window: 1, above: 0.2}]
objectives: {availability: 0.99, latency: {under_ms: 100, target: 0.9}, window: 7}
"""


def monitor(folder: Path, federation: str = "", *, rows: bool = True, pooled: bool = False) -> str:
    """A monitor of the rows, or of the profiles, in a folder."""
    body = _BODY
    if not pooled:
        # the site is no column of a site's log
        body = body.replace("  site: {type: category}\n", "").replace("[country, site]", "[country]")
    kind, log, labels = ("parquet", "logs/day={day}.parquet", "labels/*.parquet")
    if not rows:
        kind, log, labels = ("profiles", "sent", "sent")
    sections = (
        f"logs:\n  source: {kind}\n  path: {folder}/{log}{_LOG}"
        f"labels:\n  source: {kind}\n  path: {folder}/{labels}\n"
        "  columns: {prediction_id: id, label: fraud, known_at: known_at}\n"
        "  max_delay_days: 2\n  immature: judge\n"
    )
    return body + sections + federation


def rows_of(site: str, day: dt.date) -> pd.DataFrame:
    """The log and labels of a site on a day."""
    rng = np.random.default_rng([SITES.index(site), day.toordinal()])
    n = ROWS + 40 * SITES.index(site)
    score = rng.beta(2, 5, n).round(3)
    return pd.DataFrame(
        {
            "id": [f"{site}-{day}-{row}" for row in range(n)],
            "at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(rng.integers(0, 86_399, n), "s"),
            "model": rng.choice(["1", "2"], n, p=[0.7, 0.3]),
            "score": score,
            "ms": rng.lognormal(3, 1, n),
            "status": rng.choice(["ok", "error"], n, p=[0.97, 0.03]),
            "amount": np.where(rng.random(n) < 0.02, np.nan, rng.lognormal(3 + SITES.index(site) / 3, 1, n)),
            "hour": rng.integers(0, 24, n),
            "country": rng.choice(["DE", "FR", "NO"], n, p=[0.5, 0.4, 0.1]),
            "site": site,
            "fraud": rng.random(n) < score,
        }
    )


def write_rows(folder: Path, sites: tuple[str, ...], *, labelled: float = 0.8) -> None:
    """Write the log and labels of some sites as one; ids decide which rows have a label."""
    for number in range(DAYS):
        day = FIRST + dt.timedelta(days=number)
        every = pd.concat([rows_of(site, day) for site in sites], ignore_index=True)
        # what breaks the contract
        every.loc[every["id"].str.endswith("-7"), "amount"] = -1.0
        columns = every.drop(columns=["fraud"] if len(sites) > 1 else ["fraud", "site"])
        _write(folder / "logs" / f"day={day}.parquet", columns)
        write_labels(folder, day, every, labelled)


def write_labels(folder: Path, day: dt.date, rows: pd.DataFrame, share: float) -> None:
    """Labels of the rows whose number is in the first of ten."""
    number = rows["id"].str.rsplit("-", n=1).str[-1].astype(int)
    known = rows.loc[number % 10 < 10 * share, ["id", "fraud"]]
    known = known.assign(known_at=pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=30))
    _write(folder / "labels" / f"{day}-{share}.parquet", known)


def _write(path: Path, frame: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)

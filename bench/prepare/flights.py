"""The demo's flights and models, and the log that serving them from a first day on would have left."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

from bench.clock import run


def write_flights(home: str, monitors: str, shipped: str, first: str, last: str) -> None:
    """Train and register the demo's versions, write days of logs and labels, and a monitor of those days.

    Args:
        home: the home folder of obs-dagster.
        monitors: the folder for the monitor.
        shipped: the demo's own monitor, which covers fewer days.
        first, last: the days, YYYY-MM-DD.
    """
    import yaml

    from obs_dagster.demo.plan import prepare
    from obs_dagster.demo.replay import replay

    begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    plan = prepare(Path(home), f"sqlite:///{home}/mlflow.db")
    replay(dataclasses.replace(plan, first_day=begin), begin, end, progress=lambda _: None)
    document = yaml.safe_load(Path(shipped).read_text(encoding="utf-8"))
    document |= {"start": begin, "end": end}
    Path(monitors).mkdir(parents=True, exist_ok=True)
    with (Path(monitors) / Path(shipped).name).open("w", encoding="utf-8") as file:
        yaml.safe_dump(document, file, sort_keys=False)


if __name__ == "__main__":
    run(write_flights)

"""A season of real flights: prepared and replayed as `obs demo` does it, evaluated by real Dagster runs."""

import datetime as dt
import http.server
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jobs.execution import NightsRun, run_nights
from obs_dagster.catalogue import monitor_of
from obs_dagster.history import History
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor import Monitor
from obs_dagster.settings import Settings

FIRST = dt.date(2013, 6, 29)
LAST = dt.date(2013, 7, 4)
ALONE = LAST + dt.timedelta(days=1)
DEMO = Path(__file__).parents[2] / "monitors" / "flight_delay.yaml"


@dataclass(frozen=True)
class Place:
    """A home folder with a monitor; inside `environment` the program works on it and on nothing else."""

    home: Path
    monitor_file: Path

    @contextmanager
    def environment(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("OBS_DATABASE_URL", "OBS_LAKE", "MLFLOW_TRACKING_URI", "DAGSTER_HOME"):
                # set first, so that what a run sets is taken back too
                patch.setenv(name, "")
                patch.delenv(name)
            patch.setenv("OBS_HOME", str(self.home))
            patch.setenv("OBS_MONITORS", str(self.monitor_file.parent))
            patch.setenv("DO_NOT_TRACK", "1")
            patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
            yield

    @property
    def settings(self) -> Settings:
        with self.environment():
            return Settings()

    @property
    def monitor(self) -> Monitor:
        with self.environment():
            return monitor_of(self.monitor_file)

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake_root)

    def history(self) -> History:
        return History.open(self.settings.history_url)

    def run(self, first: dt.date, last: dt.date | None = None) -> NightsRun:
        with self.environment():
            return run_nights(self.monitor, first, last or first)

    def metrics(self, **wanted: Any) -> list[Any]:
        with self.history() as history:
            return history.metrics(self.monitor.model, **wanted)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table of the history store."""
        from sqlalchemy import text

        with self.history() as history, history.reading() as connection:
            query = text(f"SELECT * FROM {table} ORDER BY 1, 2")
            return [dict(row) for row in connection.execute(query).mappings()]


@dataclass(frozen=True)
class Season:
    """The flights' home after its nights, with the runs that made it."""

    place: Place
    runs: list[NightsRun]

    def served(self, first: dt.date, last: dt.date) -> pd.DataFrame:
        """The raw log of some days with the raw label of each flight, null where there is none."""
        demo = self.place.home / "demo"
        days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        logs = pd.concat(
            pd.read_parquet(demo / "logs" / f"day={day}" / "predictions.parquet", partitioning=None)
            for day in days
        )
        files = sorted((demo / "labels").glob("*.parquet"))
        labels = pd.concat(pd.read_parquet(file, partitioning=None) for file in files)
        return logs.merge(labels[["flight_id", "late"]], on="flight_id", how="left", validate="one_to_one")

    def trained_on(self, version: str) -> pd.DataFrame:
        file = self.place.home / "demo" / "baseline" / f"version={version}" / "training.parquet"
        return pd.read_parquet(file, partitioning=None)


@pytest.fixture(scope="session")
def place_at() -> Callable[[Path, str, str], Place]:
    """Makes a home below a folder with one monitor, whose file has this text."""

    def make(home: Path, model: str, text: str) -> Place:
        place = Place(home, home / "monitors" / f"{model}.yaml")
        place.monitor_file.parent.mkdir(parents=True)
        place.monitor_file.write_text(text)
        return place

    return make


@pytest.fixture(scope="session")
def flights() -> pd.DataFrame:
    """The real flights: all of the weeks that are replayed, every eighth of the months before."""
    from obs_dagster.demo.flights import load_flights

    every = load_flights()
    summer = every["date"].ge(FIRST.isoformat())
    return every[summer | (every.index % 8 == 0)].reset_index(drop=True)


@pytest.fixture(scope="session")
def season(tmp_path_factory: pytest.TempPathFactory, flights: pd.DataFrame) -> Season:
    """Six nights in one run, then one more as a run of its own. To be read only."""
    from obs_dagster.demo.plan import prepare
    from obs_dagster.demo.replay import replay

    home = tmp_path_factory.mktemp("season")
    place = Place(home, home / "monitors" / DEMO.name)
    place.monitor_file.parent.mkdir()
    place.monitor_file.write_text(DEMO.read_text())
    with place.environment():
        plan = prepare(home, place.settings.mlflow_uri, progress=lambda _: None, flights=flights)
        replay(plan, FIRST, ALONE, progress=lambda _: None)
    return Season(place, [place.run(FIRST, LAST), place.run(ALONE)])


@dataclass
class Receiver:
    """A webhook on loopback that keeps what it is sent."""

    url: str
    received: list[dict[str, Any]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    received: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(json.loads(body) | {"header": self.headers["Idempotency-Key"]})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Receiver(f"json://127.0.0.1:{server.server_port}", received)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def copied(season: Season, tmp_path: Path) -> Callable[..., Place]:
    """Makes a home of its own with the season's raw files; replaces texts in the monitor file."""

    def make(*changes: tuple[str, str]) -> Place:
        home = tmp_path / "copied"
        shutil.copytree(season.place.home / "demo", home / "demo")
        text = DEMO.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        monitor_file = home / "monitors" / DEMO.name
        monitor_file.parent.mkdir()
        monitor_file.write_text(text)
        return Place(home, monitor_file)

    return make

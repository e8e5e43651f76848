from pathlib import Path

import pytest
from pandas.api.types import is_integer_dtype

from obs_dagster.catalogue import monitor_of
from obs_dagster.demo.flights import FEATURES
from obs_dagster.demo.models import THRESHOLD
from obs_dagster.demo.plan import FIRST_DAY, LAST_DAY
from obs_dagster.demo.registration import MODEL
from obs_dagster.demo.replay import ZONE, replay_day

FILE = Path(__file__).parents[3] / "monitors" / "flight_delay.yaml"


@pytest.fixture(scope="module")
def monitor(tmp_path_factory):
    return monitor_of(FILE, environ={"OBS_HOME": str(tmp_path_factory.mktemp("home"))})


def test_it_watches_what_the_demo_replays(monitor):
    assert set(monitor.features) == set(FEATURES)
    assert monitor.logs.threshold == THRESHOLD
    assert (monitor.start, monitor.end) == (FIRST_DAY, LAST_DAY)
    assert monitor.zone == ZONE
    assert monitor.registry.name == MODEL


def test_its_paths_are_those_that_the_demo_writes(plan, home):
    monitor = monitor_of(FILE, environ={"OBS_HOME": str(home)})
    replay_day(plan, FIRST_DAY)
    replay_day(plan, FIRST_DAY.replace(day=FIRST_DAY.day + 1))
    log = monitor.logs.path.replace("{day}", str(FIRST_DAY))
    for pattern in (log, monitor.labels.path, monitor.baseline.path.replace("{version}", "2")):
        assert list(Path("/").glob(pattern.lstrip("/"))), pattern


def test_the_replayed_flights_keep_the_contract(monitor, flights):
    replayed = flights[flights["date"].between(str(FIRST_DAY), str(LAST_DAY))]
    for name, feature in monitor.features.items():
        values = replayed[name]
        assert feature.nullable or values.notna().all(), name
        assert feature.min is None or values.min() >= feature.min, name
        assert feature.max is None or values.max() <= feature.max, name
        assert feature.allowed is None or set(values) == set(feature.allowed), name
        assert (feature.type == "integer") == is_integer_dtype(values), name


def test_it_is_completed_by_editors():
    first, *_ = FILE.read_text(encoding="utf-8").splitlines()
    schema = first.removeprefix("# yaml-language-server: $schema=")
    assert (FILE.parent / schema).resolve().name == "monitor.schema.json"

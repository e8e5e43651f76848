"""The demo's siblings: trained, registered, replayed, and as their monitors say."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from obs_dagster.catalogue import monitor_of
from obs_dagster.demo.fleet import FIRST_DAY, prepare_fleet, replay_fleet
from obs_dagster.demo.flights import CLASSES, DELAY, DELAY_CLASS, FEATURES, LABEL
from obs_dagster.demo.plan import LAST_DAY
from obs_dagster.demo.siblings import SIBLINGS

MONITORS = Path(__file__).parents[3] / "monitors"


def test_the_three_truths_of_a_flight_agree(flights):
    known = flights[flights[DELAY].notna()]
    assert (known[LABEL].astype(bool) == (known[DELAY] > 15)).all()
    assert set(known[DELAY_CLASS]) == set(CLASSES)
    assert ((known[DELAY_CLASS] == "very late") == (known[DELAY] > 60)).all()
    assert flights.loc[flights[DELAY].isna(), DELAY_CLASS].isna().all()


def test_a_second_preparation_trains_nothing(fleet, home, uri, tenth):
    told = []
    again = prepare_fleet(home, uri, tenth, progress=told.append)
    assert told == [f"{sibling.model} is registered already" for sibling in SIBLINGS]
    rows = (
        tenth[list(FEATURES)]
        .head(50)
        .astype(dict.fromkeys(("weekday", "carrier", "origin", "dest"), "category"))
    )
    for first, second in zip(fleet, again, strict=True):
        assert (first.booster.predict(rows) == second.booster.predict(rows)).all()


@pytest.mark.parametrize("sibling", SIBLINGS, ids=lambda sibling: sibling.model)
def test_its_monitor_watches_what_is_replayed(fleet, home, tenth, sibling):
    monitor = monitor_of(MONITORS / f"{sibling.model}.yaml", environ={"OBS_HOME": str(home)})
    assert (monitor.start, monitor.end) == (FIRST_DAY, LAST_DAY)
    assert set(monitor.features) == set(FEATURES)
    replay_fleet(fleet, tenth, last=FIRST_DAY.replace(day=FIRST_DAY.day + 1))
    places = (
        monitor.logs.path.replace("{day}", str(FIRST_DAY)),
        monitor.labels.path,
        monitor.baseline.path.replace("{version}", "1"),
    )
    for place in places:
        (file, *_) = Path("/").glob(place.lstrip("/"))
        names = pq.read_schema(file).names
        if "labels" not in place:
            assert set(sibling.target.outputs) <= set(names)
        if "logs" not in place:
            assert sibling.target.label in names

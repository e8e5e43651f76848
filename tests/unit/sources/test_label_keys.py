"""Labels that are keyed by other columns than the prediction's id, and probabilities in other scales."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.label_book import LabelBook
from obs_dagster.sources.labels import ingest_labels

ONE = dt.timedelta(days=1)


@pytest.fixture
def keyed(small):
    """Makes a small world whose labels have keys."""

    def made(keys, *, columns=(), **changes):
        labels = {"source": "csv", "path": "labels/*.csv", "columns": {"label": "late", "keys": keys}}
        world = small(labels=labels | changes)
        logs = world.monitor.logs.model_dump(exclude_unset=True)
        kept = {key: name for key, name in logs["columns"].items() if key not in columns}
        world.changes["logs"] = logs | {"columns": kept}
        return world

    return made


def truth(world, day):
    return world.lake.table("small", "ground_truth").read(day).to_pandas()


@pytest.mark.parametrize("without", [(), ("prediction_id",)])
def test_labels_are_found_by_customer_and_day(keyed, day, without):
    world = keyed({"client": "customer", "date": "{day}"}, columns=without)
    key = "_obs_id" if without else "id"
    found = {}
    for place in range(2):
        frame = world.rows(day + place * ONE, 6).assign(customer=[1, 1, 2, 3, 4, 5])
        world.log(day + place * ONE, frame.drop(columns="id") if without else frame)
        ingest_logs(world.monitor, day + place * ONE, world.lake)
        rows = world.lake.table("small", LOGS).read(day + place * ONE).to_pandas().sort_values("at")
        found[place] = rows[key].to_list()
    labels = pd.DataFrame(
        {
            "client": ["1.0", "2.0", "3.0", "1.0", "9.0"],
            "date": [day, f"{day} 00:00:00", day, day + ONE, day],
            "late": [1, 0, 1, 0, 1],
        }
    )
    world.write("labels/a.csv", labels)
    result = ingest_labels(world.monitor, world.lake)
    assert (result.touched, result.waiting) == ({day: 4, day + ONE: 2}, 1)
    first = dict(truth(world, day)[["prediction_id", "label"]].to_numpy())
    assert first == dict(zip(found[0][:4], [True, True, False, True], strict=True))
    assert dict(truth(world, day + ONE)[["prediction_id", "label"]].to_numpy()) == dict.fromkeys(
        found[1][:2], False
    )
    waiting = result.book.waiting
    assert waiting.ids == [f"9, {day}"]
    assert waiting.log_ids[0].endswith(f", {day + ONE}")
    # what waited finds its prediction when that comes
    frame = world.rows(day, 7, seed=1).assign(customer=[1, 1, 2, 3, 4, 5, 9])
    world.log(day, frame.drop(columns="id") if without else frame)
    ingest_logs(world.monitor, day, world.lake)
    assert ingest_labels(world.monitor, world.lake).waiting == 0


def test_keys_have_the_names_that_they_have_in_the_log(keyed, day):
    world = keyed(["customer", "carrier"])
    world.log(day, world.rows(day, 3).assign(customer=["a", "b", "c"], carrier=["AA", "UA", None]))
    ingest_logs(world.monitor, day, world.lake)
    labels = pd.DataFrame({"customer": ["a", "b", "c"], "carrier": ["AA", "B6", None], "late": [1, 0, 0]})
    world.write("labels/a.csv", labels)
    result = ingest_labels(world.monitor, world.lake)
    assert (result.touched, result.waiting, result.rejected) == ({day: 1}, 1, 1)


def test_days_in_labels_are_those_of_the_monitor(keyed, day):
    world = keyed({"customer": "customer", "date": "{day}"}, times={"format": "%d.%m.%Y"})
    world.changes["time_zone"] = "America/New_York"
    frame = world.rows(day, 2).assign(customer=["a", "b"])
    world.log(day, frame.assign(at=frame["at"] + pd.Timedelta(hours=12)))
    ingest_logs(world.monitor, day, world.lake)
    labels = pd.DataFrame({"customer": ["a", "b"], "date": f"{day:%d.%m.%Y}", "late": [1, 0]})
    world.write("labels/a.csv", labels)
    assert ingest_labels(world.monitor, world.lake).touched == {day: 2}


def test_days_that_were_ingested_before_a_key_was_named_have_none(keyed, day, small):
    world = small()
    world.log(day, world.rows(day, 2).assign(customer=["a", "b"]))
    ingest_logs(world.monitor, day, world.lake)
    world.log(day + ONE, world.rows(day + ONE, 2).drop(columns="carrier"))
    later = keyed(["client"])
    world.write("labels/a.csv", pd.DataFrame({"client": ["a"], "late": [1]}))
    assert ingest_labels(later.monitor, world.lake).waiting == 1


def test_what_labels_were_read_as_before_still_holds(small, day):
    world = small()
    world.log(day)
    world.labels("a.parquet", world.rows(day), day=day)
    ingest_logs(world.monitor, day, world.lake)
    ingest_labels(world.monitor, world.lake)
    book = LabelBook.read(world.lake.folder("small", "labels"))
    assert book.meaning == (
        '2 {"columns":{"prediction_id":"id","label":"late","known_at":"known_at"},'
        '"positive":true,"negative":null}'
    )


@pytest.mark.parametrize(
    ("scale", "written"),
    [("percent", lambda p: 100 * p), ("log_odds", lambda p: np.log(p / (1 - p)))],
)
@pytest.mark.parametrize("in_place", [False, True])
def test_scores_are_probabilities_from_ingestion_on(small, day, scale, written, in_place):
    world = small()
    logs = world.monitor.logs.model_dump(exclude_unset=True)
    world.changes["logs"] = logs | {"scale": scale, "in_place": in_place, "threshold": 0.3}
    rows = world.rows(day)
    world.log(day, rows.assign(score=written(rows["score"])))
    world.train("1")
    path = world.root / "training/1.parquet"
    training = pd.read_parquet(path)
    training.assign(score=written(training["score"])).to_parquet(path)
    records = world.night(day)
    assert {each.metric: each.value for each in records}["quarantined_share"] == 0
    psi = next(each.value for each in records if (each.metric, each.column) == ("psi", "score"))
    assert psi < 0.2
    if not in_place:
        kept = world.lake.table("small", LOGS).read(day).to_pandas()
        assert kept["score"].to_list() == pytest.approx(rows["score"].to_list())
        assert kept["prediction"].to_list() == (rows["score"] >= 0.3).to_list()

"""What each kind of bad input gets: a record that says so, an error that names the file, never a NaN."""

import datetime as dt
import math

import numpy as np
import pytest

from obs_dagster.errors import SourceError
from obs_dagster.history import History

ONE = dt.timedelta(days=1)


@pytest.fixture
def world(small, day):
    """Two sound nights."""
    world = small()
    world.train("1")
    for each in (day - ONE, day):
        rows = world.rows(each)
        world.log(each, rows)
        world.labels(f"{each}.parquet", rows, day=each)
        world.night(each)
    return world


@pytest.fixture
def night(world, tmp_path):
    """Runs a night and keeps its records in a history store, which refuses NaN and infinity."""

    def run(day):
        records = world.night(day)
        for each in records:
            assert all(
                value is None or math.isfinite(value) for value in (each.value, each.low, each.high)
            ), each
            assert (each.value is None) == bool(each.reason), each
        with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
            metrics = {each.metric for each in records}
            history.replace_metrics(records, model="small", days=[day], metrics=metrics)
            assert len(history.metrics("small")) == len(records)
        return records

    return run


def of(records, metric, **subject):
    subject = {"segment": "*", "window": 1} | subject
    return [
        each
        for each in records
        if each.metric == metric and all(getattr(each, name) == value for name, value in subject.items())
    ]


def assert_no_traffic(records):
    """Version 1 was seen the day before: its volume is 0, and nothing else of it is known."""
    for segment in ("*", "carrier=AA"):
        (volume,) = of(records, "volume", version="1", segment=segment)
        assert (volume.value, volume.n) == (0.0, 0)
        (recall,) = of(records, "recall", version="1", segment=segment)
        assert (recall.value, recall.n, recall.reason) == (None, 0, "no rows")
    assert {each.reason for each in of(records, "psi", version="1")} == {"no rows"}


def test_a_day_without_a_file(night, world, day):
    records = night(day + ONE)
    assert_no_traffic(records)
    assert any(each.window == 7 and each.value is not None for each in records if each.metric == "psi")


@pytest.mark.parametrize("change", ["rewritten", "removed"])
def test_a_log_read_in_place_that_changes_stops_the_night(night, world, day, change):
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"in_place": True}
    night(day)
    file = world.root / f"logs/{day}.parquet"
    world.log(day, world.rows(day, 50, seed=3)) if change == "rewritten" else file.unlink()
    # its labels come late: what is evaluated again must not be other rows
    world.labels("late.parquet", world.rows(day), day=day, late=False)
    before = world.state()
    with pytest.raises(SourceError) as caught:
        night(day + ONE)
    assert str(file) in caught.value.message
    after = world.state()
    assert {name: after[name] for name in before} == before
    records = night(day)
    (volume,) = of(records, "volume", version="1")
    assert volume.value == (50.0 if change == "rewritten" else 0.0)


@pytest.mark.parametrize("damage", ["cut", "garbage"])
def test_a_corrupt_file_leaves_the_last_state(night, world, day, damage):
    file = world.root / f"logs/{day}.parquet"
    whole = file.read_bytes()
    before = world.state()
    file.write_bytes(whole[:-40] if damage == "cut" else b"PAR1 no PAR1")
    with pytest.raises(SourceError) as caught:
        night(day)
    assert str(file) in caught.value.message
    assert world.state() == before
    file.write_bytes(whole)
    assert of(night(day), "precision")[0].value is not None


def test_an_empty_day(night, world, day):
    world.log(day + ONE, world.rows(day)[:0])
    records = night(day + ONE)
    assert_no_traffic(records)
    assert any(each.window == 7 and each.value is not None for each in records if each.metric == "psi")


def test_a_version_without_traffic(night, world, day):
    world.train("2")
    world.log(day + ONE, world.rows(day + ONE, version="2"))
    records = night(day + ONE)
    assert_no_traffic([each for each in records if each.version == "1"])
    assert of(records, "volume", version="2")[0].value == 200.0
    assert not of(records, "volume", version="2", segment="carrier=ZZ")


@pytest.mark.parametrize("late", [True, False])
def test_a_day_with_one_class_only(night, world, day, late):
    rows = world.rows(day + ONE)
    world.log(day + ONE, rows)
    world.labels("one.parquet", rows, day=day + ONE, late=late)
    records = night(day + ONE)
    (auc,) = of(records, "roc_auc")
    assert (auc.value, auc.reason) == (None, "one class only")
    assert of(records, "roc_auc", window=7)[0].value is not None


def test_a_day_without_labels(night, world, day):
    world.log(day + ONE)
    records = night(day + ONE)
    (precision,) = of(records, "precision")
    assert (precision.value, precision.n) == (None, 0)
    assert precision.reason == "no labels"
    assert of(records, "label_coverage")[0].value == 0.0


def test_a_day_with_an_unknown_version(night, world, day):
    world.log(day + ONE, world.rows(day + ONE, version="99"))
    records = night(day + ONE)
    psi = of(records, "psi", version="99")
    assert all(each.reason.startswith("no baseline: ") for each in psi)
    assert of(records, "volume", version="99")[0].value == 200.0


@pytest.mark.parametrize("column", ["temp", "carrier", "id", "at", "model", "score"])
def test_a_missing_column(night, world, day, column):
    world.log(day + ONE, world.rows(day + ONE).drop(columns=column))
    records = night(day + ONE)
    (changes,) = of(records, "schema_changes")
    assert changes.value == 1.0
    (volume,) = of(records, "volume", version="1")
    if column not in ("temp", "carrier"):
        # such a day is refused, which must not look like a day without traffic
        assert (volume.value, volume.reason) == (None, f"the log has no column {column}")
        return
    assert volume.value == 200.0
    (psi,) = of(records, "psi", version="1", column=column)
    assert (psi.value, psi.reason) == (None, f"the log has no column {column}")
    (cell,) = of(records, "volume", version="1", segment="carrier=AA")
    assert (cell.reason == "the log has no column carrier") == (column == "carrier")


def test_a_retyped_column(night, world, day):
    rows = world.rows(day + ONE).astype({"temp": str})
    rows.loc[:3, "temp"] = "?"
    world.log(day + ONE, rows)
    records = night(day + ONE)
    assert of(records, "schema_changes")[0].value == 1.0
    assert of(records, "volume", version="1")[0].value == 196.0
    assert of(records, "psi", column="temp")[0].value is not None


def test_a_missing_decision_column(small, night, world, day):
    world.changes["logs"] = {
        **world.monitor.logs.model_dump(exclude_none=True),
        "columns": {**world.monitor.logs.columns.model_dump(exclude_none=True), "prediction": "served"},
    }
    rows = world.rows(day + ONE)
    world.log(day + ONE, rows)
    world.labels("next.parquet", rows, day=day + ONE)
    assert of(night(day + ONE), "roc_auc")[0].value is not None


@pytest.mark.parametrize("value", [1e300, -1e300, np.inf, np.nan])
def test_absurd_numbers(night, world, day, value):
    rows = world.rows(day + ONE)
    rows.loc[:5, "temp"] = value
    world.log(day + ONE, rows)
    assert of(night(day + ONE), "ks", column="temp")[0].value is not None

"""Logs as people have them: many days in one file, folders that say something, no version, no id."""

import datetime as dt

import pandas as pd
import pytest

from obs_dagster.errors import SourceError
from obs_dagster.lake.columns import ROW
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.dividing import Dividing
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.labels import ingest_labels
from obs_dagster.sources.protocol import source_of

ONE = dt.timedelta(days=1)


@pytest.fixture
def of_log(small):
    """Makes a small world whose `logs` have other keys."""

    def made(drop=(), columns=None, **keys):
        world = small()
        logs = world.monitor.logs.model_dump(exclude_unset=True)
        kept = {key: name for key, name in logs["columns"].items() if key not in drop}
        changed = {"columns": kept | (columns or {})} | keys
        return small(**world.changes | {"logs": logs | changed})

    return made


def rows_of(world, day):
    ingest_logs(world.monitor, day, world.lake)
    return world.lake.table("small", LOGS).read(day).to_pandas().sort_values(ROW, ignore_index=True)


def days_of(world, day, number=3, rows=40):
    return pd.concat([world.rows(day + place * ONE, rows) for place in range(number)], ignore_index=True)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_rows_of_one_file_go_to_their_day(of_log, day, kind):
    world = of_log(source=kind, path=f"all.{kind}")
    frame = days_of(world, day).sample(frac=1, random_state=1, ignore_index=True)
    world.write(f"all.{kind}", frame)
    for place in range(3):
        found = rows_of(world, day + place * ONE)
        of_day = frame[frame["at"].dt.date == day + place * ONE]
        assert found["id"].to_list() == of_day["id"].to_list()
        assert found["temp"].to_list() == pytest.approx(of_day["temp"].to_list())
        assert found[ROW].to_list() == [number + 1 for number in of_day.index]
    assert len(rows_of(world, day + 3 * ONE)) == 0


def test_one_file_is_read_once_for_all_its_days(of_log, day, monkeypatch):
    world = of_log(source="csv", path="all.csv")
    world.write("all.csv", days_of(world, day))
    read = []
    copy = Dividing._copy
    monkeypatch.setattr(Dividing, "_copy", lambda *given: read.append(1) or copy(*given))
    for place in range(3):
        rows_of(world, day + place * ONE)
    assert len(read) == 1


def test_only_the_days_that_gained_rows_have_changed(of_log, day):
    world = of_log(source="csv", path="all.csv")
    world.write("all.csv", days_of(world, day, 2))
    source = source_of(world.monitor.logs)
    before = [source.stamp(world.monitor, day + place * ONE) for place in range(3)]
    world.write("all.csv", days_of(world, day, 3))
    after = [source.stamp(world.monitor, day + place * ONE) for place in range(3)]
    assert before[:2] == after[:2]
    assert before[2] == ""
    assert after[2] != ""


def test_a_row_without_a_time_stays_with_the_row_before_it(of_log, day):
    world = of_log(source="csv", path="all.csv")
    frame = days_of(world, day)
    frame.loc[[0, 45], "at"] = pd.NaT
    world.write("all.csv", frame)
    found = [rows_of(world, day + place * ONE) for place in range(3)]
    assert [len(each) for each in found] == [40, 40, 40]
    assert [int(each["at"].isna().sum()) for each in found] == [1, 1, 0]


def test_a_file_without_any_time_that_can_be_read_is_refused(of_log, day):
    world = of_log(source="csv", path="all.csv")
    world.write("all.csv", days_of(world, day).assign(at="soon"))
    with pytest.raises(SourceError, match="at is such as 'soon'"):
        rows_of(world, day)
    world.write("all.csv", days_of(world, day).rename(columns={"at": "AT"}))
    with pytest.raises(SourceError, match=r"no column at.*there is AT"):
        rows_of(world, day)


def test_days_of_one_file_are_those_of_the_time_zone(small, day):
    world = small(time_zone="America/New_York")
    logs = world.monitor.logs.model_dump(exclude_unset=True) | {"path": "{day:%Y-%m}.parquet"}
    world.changes["logs"] = logs
    frame = days_of(world, dt.date(2024, 2, 29), 2).assign(
        at=pd.Timestamp("2024-03-01T04:00", tz="UTC") + pd.to_timedelta(range(80), "min")
    )
    world.write("2024-03.parquet", frame)
    assert len(rows_of(world, dt.date(2024, 2, 29))) == 60
    assert len(rows_of(world, dt.date(2024, 3, 1))) == 20


def test_folders_are_columns_and_days_have_forms(of_log, day):
    path = "logs/region={{}}/year={day:%Y}/month={day:%-m}/day={day:%d}/*.parquet"
    world = of_log(drop=["version"], path=path.replace("region={{}}", "version=*/carrier=*"))
    own = world.rows(day, 20).drop(columns=["carrier", "model"])
    for version, carrier in (("1", "AA"), ("1", "U%20A"), ("2", "__HIVE_DEFAULT_PARTITION__")):
        named = own.assign(id=own["id"] + version + carrier)
        world.write(f"logs/version={version}/carrier={carrier}/year=2024/month=3/day=04/a.parquet", named)
    found = rows_of(world, day)
    named = found.fillna({"carrier": "missing"}).groupby(["version", "carrier"])
    assert named.size().to_dict() == {("1", "AA"): 20, ("1", "U A"): 20, ("2", "missing"): 20}
    assert found[ROW].to_list() == list(range(1, 61))
    assert source_of(world.monitor.logs).days(world.monitor).days == [day]


def test_a_version_stands_in_the_path_or_in_the_monitor(of_log, day):
    world = of_log(drop=["version"], path="{version}/{day}.csv", source="csv")
    for version in ("blue", "green"):
        world.write(f"{version}/{day}.csv", world.rows(day, 5, version=version).drop(columns="model"))
    assert rows_of(world, day)["version"].to_list() == ["blue"] * 5 + ["green"] * 5

    world = of_log(drop=["version"], version="2024-06", path="blue/{day}.csv", source="csv")
    assert set(rows_of(world, day)["version"]) == {"2024-06"}


def test_rows_without_ids_get_ids_of_what_they_say(of_log, day):
    world = of_log(drop=["prediction_id"], source="csv", path="{day}.csv")
    frame = world.rows(day, 30).drop(columns="id")
    twice = pd.concat([frame, frame.tail(2), frame.tail(2)], ignore_index=True)
    world.write(f"{day}.csv", twice)
    first = rows_of(world, day)
    assert len(first) == first["_obs_id"].nunique() == 34
    world.write(f"{day}.csv", twice.sample(frac=1, random_state=3))
    assert set(rows_of(world, day)["_obs_id"]) == set(first["_obs_id"])


@pytest.mark.parametrize("drop", [[], ["prediction_id"]])
@pytest.mark.parametrize("path", ["{day}.csv", "all.csv"])
def test_labels_are_a_column_of_the_log_and_come_later(of_log, day, drop, path):
    world = of_log(drop=drop, source="csv", path=path)
    world.changes["labels"] = {"columns": {"label": "late"}, "max_delay_days": 3}
    frame = world.rows(day, 30).assign(late=None)
    name = path.replace("{day}", str(day))
    world.write(name, frame)
    first = rows_of(world, day)
    assert ingest_labels(world.monitor, world.lake).labels == 0
    world.write(name, frame.assign(late=[place % 3 == 0 for place in range(30)]))
    labels = ingest_labels(world.monitor, world.lake)
    assert (labels.labels, labels.touched, labels.waiting) == (30, {day: 30}, 0)
    assert list(labels.book.notes()) == []
    kept = world.lake.table("small", "ground_truth").read(day).to_pandas()
    key = "id" if not drop else "_obs_id"
    late = first.merge(kept, left_on=key, right_on="prediction_id").sort_values(ROW)["label"]
    assert late.to_list() == [place % 3 == 0 for place in range(30)]


def test_labels_of_days_that_were_not_run_wait_without_alarm(of_log, day):
    world = of_log(source="csv", path="all.csv")
    world.changes["labels"] = {"columns": {"label": "late"}}
    world.write("all.csv", days_of(world, day).assign(late=True))
    rows_of(world, day)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.touched, found.waiting, found.book.serious) == ({day: 40}, 80, False)
    assert list(found.book.notes()) == ["80 labels are of rows whose day has not been run."]
    rows_of(world, day + ONE)
    assert ingest_labels(world.monitor, world.lake).touched == {day + ONE: 40}


def test_a_day_that_a_file_lacks_is_refused_with_the_days_that_it_has(of_log, day):
    world = of_log(source="csv", path="all.csv", times={"unit": "ms"})
    frame = days_of(world, day)
    # milliseconds is what is said, seconds is what is there
    world.write("all.csv", frame.assign(at=frame["at"].astype("datetime64[s, UTC]").astype("int64")))
    ingest_logs(world.monitor, day, world.lake)
    quality = validate_day(world.monitor, day, world.lake)
    assert not quality.evaluated
    assert "all.csv has none of 2024-03-04 (UTC); its rows are of 1970-01-20 to 1970-01-20" in quality.reason

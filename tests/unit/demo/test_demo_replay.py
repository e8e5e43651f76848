import datetime as dt
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_dagster.demo.flights import FEATURES
from obs_dagster.demo.replay import label_delay_days, replay, replay_day, serving_version

DAY = dt.date(2013, 7, 3)


@pytest.fixture
def fresh(plan, tmp_path):
    """The prepared demo, with an empty folder to replay into."""
    return replace(plan, folder=tmp_path)


def read_log(plan, day=DAY):
    return pq.read_table(plan.folder / "logs" / f"day={day}" / "predictions.parquet", partitioning=None)


def read_labels(plan):
    files = sorted((plan.folder / "labels").glob("*.parquet"))
    return pd.concat(
        pq.read_table(file, partitioning=None).to_pandas().assign(file=file.name) for file in files
    )


def test_every_flight_of_the_day_is_predicted_once(fresh, tenth):
    replay_day(fresh, DAY)
    scheduled = tenth[tenth["date"] == str(DAY)]
    assert sorted(read_log(fresh)["flight_id"].to_pylist()) == sorted(scheduled["flight_id"])


def test_the_log_has_the_columns_and_types_of_a_log(fresh):
    replay_day(fresh, DAY)
    schema = read_log(fresh).schema
    text = ["flight_id", "model_version", "weekday", "carrier", "origin", "dest", "status"]
    assert [name for name in schema.names if schema.field(name).type == pa.string()] == text
    assert schema.field("predicted_at").type == pa.timestamp("us", tz="UTC")
    assert schema.field("predicted_late").type == pa.bool_()
    assert {str(schema.field(name).type) for name in ("hour", "distance")} == {"int64"}
    assert {str(schema.field(name).type) for name in ("temp", "score", "latency_ms")} == {"double"}


def test_missing_weather_stays_null(fresh, tenth):
    replay_day(fresh, DAY)
    scheduled = tenth[tenth["date"] == str(DAY)]
    assert read_log(fresh)["pressure"].null_count == scheduled["pressure"].isna().sum() > 0


def test_a_prediction_is_made_before_departure_on_the_same_local_day(fresh, tenth):
    replay_day(fresh, DAY)
    rows = read_log(fresh).to_pandas().merge(tenth[["flight_id", "departs"]], on="flight_id")
    assert (rows["departs"] - rows["predicted_at"] == pd.Timedelta(minutes=30)).all()
    assert set(rows["predicted_at"].dt.tz_convert("America/New_York").dt.date) == {DAY}


def test_scores_are_those_of_the_registered_version(fresh):
    replay_day(fresh, DAY)
    rows = read_log(fresh).to_pandas()
    for version, served in rows.groupby("model_version"):
        again = fresh.models[version].predict(served[list(FEATURES)])
        np.testing.assert_allclose(served["score"], again, atol=1e-12)
    assert (rows["predicted_late"] == (rows["score"] >= 0.3)).all()


def test_version_2_serves_half_of_the_traffic_from_july_on(flights):
    ids = flights.loc[flights["date"] == "2013-07-01", "flight_id"]
    shares = pd.Series([serving_version(flight, dt.date(2013, 7, 1)) for flight in ids]).value_counts()
    assert abs(shares["2"] / len(ids) - 0.5) < 0.05
    assert {serving_version(flight, dt.date(2013, 6, 30)) for flight in ids} == {"1"}


def test_latency_is_the_duration_of_the_call(fresh):
    ticks = itertools.count()
    replay_day(fresh, DAY, clock=lambda: next(ticks) ** 2)
    rows = read_log(fresh).to_pandas()
    hours = (rows["predicted_at"] + pd.Timedelta(minutes=30)).dt.floor("3h")
    calls = rows.groupby([hours, "model_version"])["latency_ms"].agg(["min", "max"]).sort_index()
    assert (calls["min"] == calls["max"]).all()
    assert calls["min"].tolist() == [(4 * call + 1) * 1000 for call in range(len(calls))]
    assert set(rows["status"]) == {"ok"}


def test_a_real_call_takes_time(fresh):
    replay_day(fresh, DAY)
    latency = read_log(fresh)["latency_ms"].to_numpy()
    assert latency.min() > 0


def test_a_day_that_is_there_is_not_written_again(fresh):
    replay_day(fresh, DAY)
    before = read_log(fresh)
    replay_day(fresh, DAY)
    assert read_log(fresh).equals(before)  # latency too, which another call would have changed


def test_everything_but_latency_is_the_same_in_another_replay(fresh, plan, tmp_path):
    replay_day(fresh, DAY)
    other = replace(plan, folder=tmp_path / "other")
    replay_day(other, DAY)
    assert read_log(other).drop("latency_ms").equals(read_log(fresh).drop("latency_ms"))


@pytest.mark.parametrize("damage", [b"", b"PAR1 half a file"])
def test_a_damaged_day_is_written_again(fresh, damage):
    path = fresh.folder / "logs" / f"day={DAY}" / "predictions.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    replay_day(fresh, DAY)
    assert read_log(fresh).num_rows > 0


def test_a_day_of_other_models_is_written_again(fresh):
    replay_day(fresh, DAY)
    before = read_log(fresh)
    replay_day(replace(fresh, fingerprint="other"), DAY)
    assert not read_log(fresh).equals(before)


def test_labels_come_one_to_three_days_late_and_once(fresh, tenth):
    first, last = fresh.first_day, fresh.first_day + dt.timedelta(days=5)
    replay(fresh, first, last, progress=lambda _: None)
    labels = read_labels(fresh).merge(tenth, on="flight_id", suffixes=("", "_true"))
    known = labels["known_at"].dt.tz_convert("America/New_York")
    assert not labels["flight_id"].duplicated().any()
    assert (labels["late"] == labels["late_true"]).all()
    assert set((known.dt.tz_localize(None).dt.normalize() - labels["date"]).dt.days) == {1, 2, 3}
    assert (labels["file"] == "arrived=" + known.dt.strftime("%Y-%m-%d") + ".parquet").all()
    # After three days all that will ever have a label has one; no flight from before the replay does.
    due = tenth[tenth["date"].between(str(first), str(last - dt.timedelta(days=3))) & tenth["late"].notna()]
    assert set(due["flight_id"]) <= set(labels["flight_id"])
    assert labels["date"].min() == pd.Timestamp(first)


def test_nothing_arrives_on_the_first_day(fresh):
    replay_day(fresh, fresh.first_day)
    assert not (fresh.folder / "labels").exists()


def test_labels_are_late_by_one_two_and_three_days_in_the_promised_shares(flights):
    days = flights["flight_id"].iloc[:20_000].map(label_delay_days).value_counts(normalize=True)
    assert days.to_dict() == pytest.approx({1: 0.6, 2: 0.3, 3: 0.1}, abs=0.01)


def test_a_replay_tells_its_progress(fresh):
    said = []
    replay(fresh, DAY, DAY + dt.timedelta(days=1), progress=said.append)
    assert said == ["Replaying 2013-07-03", "Replaying 2013-07-04"]

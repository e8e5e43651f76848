"""Nights of a ranking model through every stage of the engine, from files to records."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score

ONE = dt.timedelta(days=1)


@pytest.fixture
def shop(small, ranked):
    """A small world whose rows are rankings: of each day 60 requests, of training 200."""

    class Shop:
        def __init__(self, **changes):
            columns = {
                "prediction_id": "id",
                "time": "at",
                "version": "model",
                "score": "score",
                "request": "request",
                "item": "item",
            }
            logs = {"source": "parquet", "path": "logs/{day}.*", "columns": columns}
            logs["columns"] |= changes.pop("columns", {})
            self.changes = {
                "task": "ranking",
                "logs": logs,
                "features": {"temp": {"type": "number"}, "carrier": {"type": "category"}},
                "labels": {
                    "source": "parquet",
                    "path": "labels/*",
                    "columns": {"prediction_id": "id", "label": "late", "known_at": "known_at"},
                },
                "ranking": {"at": [5, 2]},
            } | changes
            self.world = small(**self.changes)

        def rows(self, day, requests=60, *, seed=0, version="1", **options):
            drawn = ranked.rows(day.toordinal() + seed, requests, **options)
            n = len(drawn["item"])
            frame = pd.DataFrame({name: list(values) for name, values in drawn.items()})
            frame["id"] = [f"{day}-{version}-{seed}-{number}" for number in range(n)]
            frame["at"] = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(n), "s")
            frame["model"] = version
            frame["temp"] = np.random.default_rng(day.toordinal()).normal(size=n)
            return frame

        def train(self):
            frame = self.rows(dt.date(2024, 1, 1), 200).rename(columns={"_obs_label": "late"})
            self.world.write("training/1.parquet", frame)

        def log(self, day, frame):
            self.world.log(day, frame.drop(columns="_obs_label"))

        def label(self, day, frame, name="first"):
            self.world.labels(f"{name}-{day}.parquet", frame, day=day, late=frame["_obs_label"])

        def night(self, day):
            """Records of the whole log, those of the model by metric and column."""
            return {
                (r.metric, r.column, r.segment, r.window): r
                for r in self.world.night(day)
                if r.version in "*1"
            }

    return Shop


def test_a_night_from_files_to_records(shop, day):
    world = shop()
    world.train()
    frame = world.rows(day)
    world.log(day, frame)
    world.label(day, frame)
    found = world.night(day)
    groups = [group for _, group in frame.groupby("request") if len(group) > 1]
    expected = [ndcg_score([group["_obs_label"]], [group["score"]], k=5) for group in groups]
    ndcg = found["ndcg", "", "*", 1]
    assert ndcg.value == pytest.approx(np.mean(expected))
    assert ndcg.low < ndcg.value < ndcg.high
    assert (ndcg.n, ndcg.definition) == (len(groups), "ndcg/1")
    assert found["ndcg_at", "top5", "*", 7].value == pytest.approx(ndcg.value)
    assert found["ndcg_at", "top2", "*", 1].value != ndcg.value
    assert found["quarantined_share", "", "*", 1].value == 0
    assert found["label_coverage", "", "*", 1].value == 1
    assert ("label_coverage", "top5", "*", 1) not in found
    assert found["ndcg", "", "carrier=AA", 1].n + found["ndcg", "", "carrier=UA", 1].n == ndcg.n
    assert ("catalogue_coverage", "", "carrier=AA", 1) not in found
    assert 0 < found["catalogue_coverage_at", "top2", "*", 1].value <= 1
    moved = {column for metric, column, segment, _ in found if metric == "psi" and segment == "*"}
    assert moved == {"temp", "carrier", "score", "item"}
    assert found["psi", "score", "*", 1].value is not None
    assert found["psi", "score", "carrier=AA", 1].value is not None


def test_drift_of_a_score_that_is_any_number(shop, day):
    world = shop()
    world.train()
    frame = world.rows(day, 200).assign(score=lambda rows: rows["score"] * 3 - 40)
    world.log(day, frame)
    found = world.night(day)
    assert found["quarantined_share", "", "*", 1].value == 0
    assert found["ks", "score", "*", 1].value > 0.9
    assert found["psi", "item", "*", 1].value < 0.5


def test_labels_that_come_late_count(shop, day):
    world = shop()
    world.train()
    frame = world.rows(day)
    world.log(day, frame)
    found = world.night(day)["ndcg", "", "*", 1]
    assert (found.value, found.reason) == (None, "no labels")
    clicked = frame[frame["_obs_label"] > 0]
    world.label(day, clicked)
    found = world.night(day)
    groups = [g for _, g in frame.groupby("request") if len(g) > 1 and g["_obs_label"].max() > 0]
    expected = [ndcg_score([g["_obs_label"]], [g["score"]], k=5) for g in groups]
    assert found["ndcg", "", "*", 1].value == pytest.approx(np.mean(expected))
    assert found["relevant_request_share", "", "*", 1].value == 1


def test_other_options_reduce_a_day_again(shop, day):
    world = shop()
    world.train()
    frame = world.rows(day)
    world.log(day, frame)
    world.label(day, frame)
    before = world.night(day)["ndcg", "", "*", 1]
    world.world.changes["ranking"] = {"at": [5, 2], "gain": "exponential"}
    after = world.night(day)["ndcg", "", "*", 1]
    assert before.value != after.value
    world.world.changes["ranking"] = {"at": [3], "without_relevant": "left_out"}
    found = world.night(day)
    assert ("ndcg_at", "top5", "*", 1) not in found
    assert found["ndcg", "", "*", 1].value > before.value


def test_a_request_that_goes_on_past_midnight_is_one_of_each_day(shop, day):
    world = shop()
    world.train()
    frame = world.rows(day, 20)
    later = frame.assign(id=frame["id"] + "b", at=frame["at"] + ONE)
    for date, part in ((day, frame), (day + ONE, later)):
        world.log(date, part)
        world.label(date, part)
    world.night(day)
    found = world.night(day + ONE)
    assert [found["request_count", "", "*", window].value for window in (1, 7)] == [20, 40]
    assert found["ndcg", "", "*", 7].value == pytest.approx(found["ndcg", "", "*", 1].value)


def test_bad_rows_are_quarantined(shop, day):
    world = shop(quality={"max_quarantined_share": 0.5})
    world.train()
    frame = world.rows(day, 40)
    world.label(day, frame)
    expected = frame.drop(index=[0, 1, 2])
    bad = frame.astype({"request": object})
    bad.loc[0, "request"] = None
    bad.loc[1, "score"] = np.nan
    bad.loc[2, "item"] = None
    world.log(day, bad)
    found = world.night(day)
    assert found["quarantined_share", "", "*", 1].value == pytest.approx(3 / len(frame))
    assert found["request_count", "", "*", 1].value == expected["request"].nunique()
    groups = [g for _, g in expected.groupby("request") if len(g) > 1]
    assert found["ndcg", "", "*", 1].value == pytest.approx(
        np.mean([ndcg_score([g["_obs_label"]], [g["score"]], k=5) for g in groups])
    )


def test_served_positions_below_the_first_are_quarantined(shop, day):
    world = shop(columns={"rank": "rank", "score": None}, quality={"max_quarantined_share": 0.5})
    training = world.rows(dt.date(2024, 1, 1), 200)
    training["rank"] = training.groupby("request")["score"].rank(ascending=False, method="first").astype(int)
    world.world.write("training/1.parquet", training.rename(columns={"_obs_label": "late"}))
    frame = world.rows(day, 40)
    frame["rank"] = frame.groupby("request")["score"].rank(ascending=False, method="first").astype(int) - 1
    world.log(day, frame)
    world.label(day, frame)
    found = world.night(day)
    assert found["quarantined_share", "", "*", 1].value == pytest.approx(40 / len(frame))
    world.world.changes["ranking"] = {"at": [5], "first_position": 0}
    found = world.night(day)
    assert found["quarantined_share", "", "*", 1].value == 0
    groups = [g for _, g in frame.groupby("request") if len(g) > 1]
    assert found["ndcg", "", "*", 1].value == pytest.approx(
        np.mean([ndcg_score([g["_obs_label"]], [g["score"]], k=5) for g in groups])
    )


def test_a_threshold_relative_to_the_training_rows(shop, day):
    rule = {"name": "worse", "metric": "ndcg", "below": "90 % of baseline"}
    at_two = {"name": "worse_at", "metric": "ndcg_at", "below": "90 % of baseline", "classes": ["top2"]}
    world = shop(alerts=[rule, at_two])
    world.train()
    frame = world.rows(day)
    world.log(day, frame)
    world.label(day, frame)
    found = world.night(day)
    training = world.rows(dt.date(2024, 1, 1), 200)
    groups = [g for _, g in training.groupby("request") if len(g) > 1]
    for metric, column, k in (("ndcg", "", 5), ("ndcg_at", "top2", 2)):
        assert found[metric, column, "*", 0].value == pytest.approx(
            np.mean([ndcg_score([g["_obs_label"]], [g["score"]], k=k) for g in groups])
        )

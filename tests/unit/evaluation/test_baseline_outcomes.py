"""What a metric is on the baseline, for rules that hold a night against that."""

import datetime as dt

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from obs_dagster.evaluation.baseline_outcomes import compared_nights

ONE = dt.timedelta(days=1)
RULES = [
    {"name": "recall_lost", "metric": "recall", "below": "90 % of baseline", "segments": ["*", "carrier"]},
    {"name": "slow", "metric": "latency_p95", "above": "150 % of baseline"},
]


def on_baseline(records, metric):
    return {record.segment: record for record in records if record.metric == metric and record.window == 0}


def test_training_rows_with_labels_say_how_right_a_version_was(small, day):
    world = small(alerts=RULES[:1])
    rows = world.rows(dt.date(2024, 1, 1), 600, version="1", seed=7)
    late = np.random.default_rng(1).random(600) < rows["score"]
    world.write("training/1.parquet", rows.assign(late=np.where(late, "yes", "no")))
    world.log(day)
    found = on_baseline(world.night(day), "recall")
    assert found["*"].value == pytest.approx(recall_score(late, rows["score"] >= 0.5))
    of = (rows["carrier"] == "AA").to_numpy()
    assert found["carrier=AA"].value == pytest.approx(recall_score(late[of], rows["score"][of] >= 0.5))
    again = on_baseline(world.night(day), "recall")
    assert {key: record.value for key, record in again.items()} == {
        key: record.value for key, record in found.items()
    }


def test_days_of_the_baseline_say_it_with_the_labels_that_they_have(small, day):
    world = small(
        alerts=RULES,
        baseline={"kind": "rolling", "days": 7, "min_days": 1},
        logs={
            "source": "parquet",
            "path": "logs/{day}.*",
            "columns": {
                "prediction_id": "id",
                "time": "at",
                "version": "model",
                "score": "score",
                "latency_ms": "took",
            },
        },
    )
    rows = world.rows(day)
    world.log(day, rows.assign(took=np.arange(200.0)))
    late = np.random.default_rng(2).random(200) < rows["score"]
    world.labels("one.parquet", rows, day=day, late=late)
    world.log(day + ONE, world.rows(day + ONE).assign(took=1.0))
    world.night(day)
    records = world.night(day + ONE)
    assert on_baseline(records, "recall")["*"].value == pytest.approx(
        recall_score(late, rows["score"] >= 0.5)
    )
    assert on_baseline(records, "latency_p95")["*"].value == pytest.approx(189.0, abs=2.0)


def test_without_labels_on_the_baseline_there_is_a_reason_and_no_value(small, day):
    world = small(alerts=RULES[:1])
    world.train("1")
    world.log(day)
    record = on_baseline(world.night(day), "recall")["*"]
    assert (record.value, record.reason) == (None, "no labels")


def test_labels_of_one_known_class_say_nothing_of_the_baseline(small, day):
    world = small(alerts=[{"name": "worse", "metric": "precision", "below": "90 % of baseline"}])
    world.changes["labels"] = world.monitor.labels.model_dump(exclude_none=True) | {"positive": "late"}
    rows = world.rows(dt.date(2024, 1, 1), 600, version="1", seed=7)
    late = np.random.default_rng(1).random(600) < rows["score"]
    world.write("training/1.parquet", rows.assign(late=np.where(late, "late", "on time")))
    log = world.rows(day)
    world.log(day, log)
    assert on_baseline(world.night(day), "precision")["*"].reason == "no labels"
    # the labels tell what the other class is called
    world.labels("one.parquet", log, day=day, late=np.where(log["score"] > 0.5, "late", "on time"))
    exact = precision_score(late, rows["score"] >= 0.5)
    assert on_baseline(world.night(day), "precision")["*"].value == pytest.approx(exact)


def test_late_labels_of_a_baselines_days_touch_the_nights_that_are_held_against_them(small, day):
    world = small(alerts=RULES[:1], baseline={"kind": "rolling", "days": 2, "min_days": 1}, windows=[1])
    for offset in range(4):
        world.log(day + offset * ONE)
        world.night(day + offset * ONE)
    assert compared_nights(world.tonight, {day}) == {day + ONE, day + 2 * ONE}
    world.changes["alerts"] = []
    assert compared_nights(world.tonight, {day}) == set()


def test_nothing_is_computed_on_the_baseline_that_no_rule_asks_for(small, day):
    world = small()
    world.train("1")
    world.log(day)
    assert all(record.window > 0 for record in world.night(day))

"""Where a version is wrong and why that changed, from what nights stored; in words, tables and alerts."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from obs_dagster.alerts.moved import from_lake
from obs_dagster.evaluation.where import Period, WhereError, metric_to_explain, why
from obs_dagster.evaluation.where_kept import keep_sentences
from obs_dagster.reports.why import told_of, why_sections

DAY = dt.date(2024, 3, 4)
LATER = DAY + dt.timedelta(days=1)


@pytest.fixture(scope="module")
def world(tmp_path_factory, small_at):
    """Two days of a version; on the second one carrier is scored upside down. Another version has one day."""
    world = small_at(tmp_path_factory.mktemp("where"))
    world.train("1", "2")
    for day in (DAY, LATER):
        rows = world.rows(day, 1_500)
        late = (rows["score"] > 0.5).to_numpy()
        if day == LATER:
            rows["score"] = np.where(rows["carrier"] == "UA", 1 - rows["score"], rows["score"])
            new = world.rows(day, 300, version="2", seed=4)
            rows, late = pd.concat([rows, new], ignore_index=True), np.append(late, new["score"] > 0.5)
        world.log(day, rows)
        world.labels(f"{day}.parquet", rows, day=day, late=late)
        world.night(day)
    return world


def test_the_segment_and_the_reason_are_named(world):
    first, second = why(world.tonight, Period(LATER, LATER), Period(DAY, DAY), "recall")
    assert [each.name for each in first.slices] == ["carrier=UA"]
    assert first.slices[0].share == 1
    (change,) = first.changes.values()
    assert change.before == 1
    assert change.segments[0].segment == "carrier=UA"
    told = " ".join(told_of(first, "recall"))
    assert "Wrong most clearly at carrier=UA: 100 % of" in told
    assert "Recall fell from 1.00 to 0.6" in told
    assert "carrier=UA alone made" in told
    assert second.slices == []
    assert second.reason == "it has no labelled rows in the days before"
    where, parts = why_sections([first], "recall")["1"]
    assert where.rows[0][0] == "carrier=UA"
    assert parts.rows[-1][0] == "all"


def test_a_regressor_is_worse_where_its_errors_grew(small):
    columns = {"prediction_id": "id", "time": "at", "version": "model", "prediction": "score"}
    world = small(task="regression", logs=small().keys["logs"] | {"columns": columns})
    world.train("1")
    days = [DAY + dt.timedelta(days=number) for number in range(4)]
    for day in days:
        rows = world.rows(day, 900)
        wide = np.where((rows["carrier"] == "UA") & (day >= days[2]), 3.0, 1.0)
        missed = np.random.default_rng(day.toordinal()).normal(0, 0.1, 900) * wide
        world.log(day, rows)
        world.labels(f"{day}.parquet", rows, day=day, late=(rows["score"] + missed).to_numpy())
        world.night(day)
    (found,) = why(world.tonight, Period(days[2], days[3]), Period(days[0], days[1]), "rmse")
    assert [each.name for each in found.slices] == ["carrier=UA"]
    (change,) = found.changes.values()
    assert change.segments[0].segment == "carrier=UA"
    assert change.of("outcome") == pytest.approx(change.change, rel=0.1)
    told = " ".join(told_of(found, "rmse"))
    assert "Worst most clearly at carrier=UA: RMSE 0.3" in told
    assert "elsewhere 0.10" in told
    assert "carrier=UA alone made" in told
    assert "what is predicted alike misses otherwise." in told
    (alone,) = why(world.tonight, Period(days[2], days[2]), Period(days[0], days[1]), "mae")
    assert "that takes two days with labels" in " ".join(told_of(alone, "mae"))


def test_an_alert_tells_what_the_night_has_kept(world):
    class Alert:
        model, version, segment, column, metric, last_day = "small", "1", "*", "", "recall", LATER

    assert from_lake(world.lake)(Alert) == ""
    keep_sentences("small", world.lake, LATER, {"1": {"recall": "Wrong at carrier=UA."}})
    assert from_lake(world.lake)(Alert) == "Wrong at carrier=UA."


def test_what_cannot_be_explained_says_why(world, small):
    with pytest.raises(WhereError, match="is no sum over segments"):
        metric_to_explain(world.monitor, "roc_auc")
    nobody_knows = small(task="unlabelled", labels=None)
    with pytest.raises(WhereError, match="no label says what is right of models of unlabelled"):
        metric_to_explain(nobody_knows.monitor)
    with pytest.raises(WhereError, match="has no `segments`"):
        why(small(segments=[]).tonight, Period(DAY, DAY), Period(DAY, DAY), "recall")
    nobody = Period(dt.date(2020, 1, 1), dt.date(2020, 1, 2))
    with pytest.raises(WhereError, match="No day of small from 2020-01-01"):
        why(world.tonight, nobody, nobody, "recall")

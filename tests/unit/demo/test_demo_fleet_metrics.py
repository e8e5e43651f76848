"""What nights of the siblings say of real flights is what scikit-learn says of the raw rows."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.catalogue import monitor_of
from obs_dagster.demo.fleet import FIRST_DAY, replay_fleet
from obs_dagster.demo.flights import CLASSES, DELAY, DELAY_CLASS
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.profiling import profile_days, reduce_outcomes_of
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.lake.lake import Lake
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels

MONITORS = Path(__file__).parents[3] / "monitors"
DAYS = [FIRST_DAY + dt.timedelta(days=offset) for offset in range(3)]
CLOSE = 1e-9


@pytest.fixture(scope="module")
def evaluated(fleet, home, tenth, tmp_path_factory):
    """The records of the last day's week by model, segment and metric, and the raw rows that have a label."""
    replay_fleet(fleet, tenth, last=DAYS[-1] + dt.timedelta(days=5))
    lake = Lake(tmp_path_factory.mktemp("lake"))
    now = dt.datetime(2013, 7, 30, tzinfo=dt.UTC)

    def evaluate(model):
        monitor = monitor_of(MONITORS / f"{model}.yaml", environ={"OBS_HOME": str(home)})
        night = Night(monitor, lake, Recorder(model=model, run_id="run", now=now, task=monitor.task))
        prepare_baseline(monitor, lake)
        for day in DAYS:
            ingest_logs(monitor, day, lake)
            validate_day(monitor, day, lake)
        ingest_labels(monitor, lake)
        list(profile_days(night, DAYS))
        list(reduce_outcomes_of(night, DAYS))
        folder = home / "demo" / model
        parts = [pd.read_parquet(folder / "logs" / f"day={day}", partitioning=None) for day in DAYS]
        labels = pd.concat(map(pd.read_parquet, (folder / "labels").glob("*.parquet")))
        rows = pd.concat(parts).merge(labels, on="flight_id")
        return list(performance_records(night, DAYS[-1])), rows

    return {model: evaluate(model) for model in ("arrival_delay", "delay_class")}


def stored(records, *, segment="*", column=""):
    found = [each for each in records if (each.window, each.segment, each.column) == (7, segment, column)]
    return {record.metric: record for record in found}


@pytest.mark.parametrize("segment", ["*", "origin=JFK"])
def test_minutes_of_delay_are_judged_as_scikit_learn_does(evaluated, segment):
    records, rows = evaluated["arrival_delay"]
    rows = rows if segment == "*" else rows[rows["origin"] == "JFK"]
    found, truth, minutes = stored(records, segment=segment), rows[DELAY], rows["minutes"]
    expected = {
        "mae": sk.mean_absolute_error(truth, minutes),
        "rmse": sk.root_mean_squared_error(truth, minutes),
        "r2": sk.r2_score(truth, minutes),
        "bias": (minutes - truth).mean(),
        "wape": np.abs(minutes - truth).sum() / np.abs(truth).sum(),
        "mape": sk.mean_absolute_percentage_error(truth[truth != 0], minutes[truth != 0]),
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected, rel=1e-6)
    assert found["mae"].n == len(rows) > 50
    median = found["median_absolute_error"]
    exact = np.quantile(np.abs(minutes - truth), 0.5, method="inverted_cdf")
    assert abs(median.value - exact) <= median.error + CLOSE


def test_classes_of_delay_are_judged_as_scikit_learn_does(evaluated):
    records, rows = evaluated["delay_class"]
    scores = rows[["p_on_time", "p_late", "p_very_late"]].to_numpy()
    truth, chosen = rows[DELAY_CLASS].to_numpy(), np.array(CLASSES)[scores.argmax(axis=1)]
    places = np.array([CLASSES.index(each) for each in truth])
    found = stored(records)
    expected = {
        "accuracy": sk.accuracy_score(truth, chosen),
        "macro_f1": sk.f1_score(truth, chosen, average="macro"),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, chosen),
        "cohen_kappa": sk.cohen_kappa_score(truth, chosen),
        "mcc": sk.matthews_corrcoef(truth, chosen),
        "log_loss": sk.log_loss(places, scores, labels=range(len(CLASSES))),
        "brier": sk.brier_score_loss(places, scores, labels=range(len(CLASSES)), scale_by_half=False),
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected, abs=CLOSE)
    assert found["accuracy"].n == len(rows) > 200
    for place, name in enumerate(CLASSES):
        record = stored(records, column=name)["class_roc_auc"]
        assert abs(record.value - sk.roc_auc_score(truth == name, scores[:, place])) <= record.error + 1e-12

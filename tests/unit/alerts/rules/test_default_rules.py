"""Default rules that hold a night against what is usual, on made nights of three weeks."""

from __future__ import annotations

import datetime as dt

import pytest

from obs_dagster.alerts import State, evaluate_rules, list_alerts
from obs_dagster.metrics.default_rules import default_rules
from obs_dagster.metrics.record import BASELINE
from obs_dagster.monitor import Monitor

DAYS = 21
#: By task and rule, the metric, what it is on the baseline, the worst ordinary days of half a year of flights
#: (rankings are made up), and a fault. Each with its interval, of some 900 rows.
TASKS = {
    ("multiclass_classification", "ranking_gone"): ("macro_roc_auc", 0.68, [0.60, 0.58], [0.50, 0.50]),
    ("multiclass_classification", "ranking_reversed"): ("macro_roc_auc", 0.68, [0.455], [0.37]),
    ("multiclass_classification", "labels_unknown"): ("unknown_label_share", None, [0.03], [0.2]),
    ("regression", "error_jumped"): ("mae", 25.0, [62.0], [1_500.0]),
    # of nothing, which is usual, there is no multiple
    ("regression", "rows_repeated"): ("duplicate_share", None, [*[0.0] * DAYS, 0.03], [*[0.0] * DAYS, 0.09]),
    ("ranking", "order_gone"): ("ndcg", 0.6, [0.5, 0.5], [0.35, 0.35]),
    ("ranking", "order_broken"): ("ndcg", 0.6, [0.4], [0.2]),
}
FIRST = dt.date(2013, 7, 1)
LOGS = {"source": "parquet", "path": "log/{day}.parquet"}
ROLES = {"prediction_id": "id", "time": "time", "version": "version"}
LABELS = {"source": "parquet", "path": "labels/*", "columns": {"prediction_id": "id", "label": "truth"}}
MONITOR = {
    "model": "flight_delay",
    "start": "2013-06-01",
    "features": {"origin": {"type": "category"}, "dep_delay": {"type": "number"}},
    "baseline": {"kind": "training", "path": "train/{version}.parquet"},
}
TASK_KEYS = {
    "multiclass_classification": {
        "logs": LOGS | {"columns": ROLES | {"scores": {"a": "p_a", "b": "p_b", "c": "p_c"}}},
        "multiclass": {"classes": ["a", "b", "c"]},
    },
    "regression": {"logs": LOGS | {"columns": ROLES | {"prediction": "minutes"}}},
    "ranking": {"logs": LOGS | {"columns": ROLES | {"score": "score", "request": "query"}}},
}
#: By rule, the metric, the column, what it is on most nights, what is a little, and surely something else.
CHANGES = {
    "categories_changed": ("psi", "origin", 0.01, 0.08, 1.5),
    "feature_changed": ("psi", "dep_delay", 0.01, 0.2, 1.5),
    "values_stuck": ("mode_share", "dep_delay", 0.1, 0.2, 0.98),
    "scores_stuck": ("mode_share", "score", 0.02, 0.2, 0.98),
    "values_new": ("new_value_share", "origin", 0.001, 0.002, 0.02),
}


@pytest.fixture
def fires(store, evaluate, monitor, write):
    """Whether a default rule fires after some nights of its metric."""

    def fires(name, values):
        metric, column, *_ = CHANGES[name]
        write([(value, value * 0.9, value * 1.1) for value in values], metric=metric, column=column)
        rule = next(rule for rule in default_rules(monitor()) if rule.name == name)
        evaluate(
            len(values),
            rule.model_dump(by_alias=True, exclude={"metric", "window", "above", "min_rows", "columns"}),
        )
        return [alert.column for alert in list_alerts(store, states=[State.FIRING])]

    return fires


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_from_one_day_to_the_next_fires(fires, name):
    _, column, usual, _, odd = CHANGES[name]
    assert fires(name, [usual] * DAYS + [odd] * 2) == [column]


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_always_the_same_fires_when_it_changes(fires, name):
    """A column with one value does not differ from the baseline at all; three times nothing is nothing."""
    _, column, *_, odd = CHANGES[name]
    assert fires(name, [0.0] * DAYS + [odd] * 2) == [column]


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_always_the_same_may_change_a_little(fires, name):
    little = CHANGES[name][3]
    assert fires(name, [0.0] * DAYS + [little] * 2) == []


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_far_from_the_baseline_by_nature_does_not(fires, name):
    """As the weekday on any day, or no rain: it is so on other such days."""
    *_, odd = CHANGES[name]
    assert fires(name, [odd] * DAYS + [odd * 1.02] * 2) == []


@pytest.mark.parametrize("name", CHANGES)
def test_before_two_weeks_nobody_knows_what_is_usual(fires, name):
    _, _, usual, _, odd = CHANGES[name]
    assert fires(name, [usual] * 5 + [odd] * 2) == []


def test_one_odd_day_of_a_number_is_weather(fires):
    assert fires("feature_changed", [0.01] * DAYS + [1.5]) == []


@pytest.fixture
def of_task(store, write, night):
    """Whether a default rule of a task fires after some nights, with the metric's value on the baseline."""

    def fires(task, name, baseline, values):
        metric = TASKS[task, name][0]
        own = MONITOR | {"task": task, "labels": LABELS, "windows": [1, 7]} | TASK_KEYS[task]
        monitor = Monitor.model_validate(own)
        rule = next(rule for rule in default_rules(monitor) if rule.name == name)
        write([(value, value * 0.95, value * 1.05) for value in values], metric=metric, window=rule.window)
        if baseline is not None:
            known = [(baseline, baseline * 0.98, baseline * 1.02)] * len(values)
            write(known, metric=metric, window=BASELINE)
        night(len(values))
        on, now = FIRST + dt.timedelta(days=len(values) - 1), dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
        watching = monitor.model_copy(update={"alerts": (rule,)})
        evaluate_rules(watching, store, as_of=on, now=now, run_id="r")
        return bool(list_alerts(store, states=[State.FIRING]))

    return fires


@pytest.mark.parametrize(("task", "name"), TASKS)
def test_other_tasks_tell_a_severe_fault_within_two_nights(of_task, task, name):
    _, baseline, _, fault = TASKS[task, name]
    assert of_task(task, name, baseline, fault)


@pytest.mark.parametrize(("task", "name"), TASKS)
def test_and_are_quiet_on_the_worst_ordinary_days(of_task, task, name):
    _, baseline, ordinary, _ = TASKS[task, name]
    assert not of_task(task, name, baseline, ordinary)

"""What serving one version in the place of another did, out of nights of a small world."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from obs_dagster.evaluation.effect import effect
from obs_dagster.evaluation.effect_outcome import EffectError, outcomes_of
from obs_dagster.evaluation.where import Period
from obs_dagster.lake.columns import LABEL
from obs_dagster.reports.effect import headline, newest_effect
from tests.rollout import DAY, LABELS, LAST, NIGHTS, roll_out

ALL = Period(DAY, LAST)


def test_a_shadow_serves_nobody(two_versions, small_at):
    world = small_at(two_versions.root, windows=[1], labels=LABELS)
    found = effect(world.tonight, "1", "2", ALL, "label")
    assert found.shadow == NIGHTS
    assert found.reason.startswith("one version scored the requests of the other")
    assert effect(world.tonight, "1", "3", ALL, "label").reason == ""


def test_labels_that_depend_on_who_served_are_refused(small):
    world = small(windows=[1], labels=LABELS)
    world.train("1", "2")
    rows = pd.concat([world.rows(DAY, 60), world.rows(DAY, 60, version="2", seed=1)], ignore_index=True)
    world.log(DAY, rows)
    world.labels("1.parquet", rows.iloc[:100], day=DAY)
    world.night(DAY)
    found = effect(world.tonight, "1", "2", Period(DAY, DAY), "label")
    assert found.reason.startswith("100% of the rows of version 1 have a label and 67% of those of version 2")


def test_what_cannot_be_asked_says_why(two_versions, small_at):
    with pytest.raises(EffectError, match=r"Version 9 of small has no rows"):
        effect(two_versions.tonight, "1", "9", ALL, "label")
    with pytest.raises(EffectError, match="in the place of itself"):
        effect(two_versions.tonight, "1", "1", ALL, "label")
    with pytest.raises(EffectError, match="has no `labels`"):
        effect(small_at(two_versions.root, labels=None).tonight, "1", "2", ALL, "label")


def columns(small, **others):
    roles = {"prediction_id": "id", "time": "at", "version": "model", **others}
    return small().keys["logs"] | {"columns": roles}


def missed_less(rng, rows, cold, second):
    """Colder rows are missed by more; version 2 takes a tenth off."""
    return rows["score"].to_numpy() + 1 + cold + rng.normal(0, 0.05, len(cold)) - np.where(second, 0.1, 0)


def test_nights_tell_the_effect_on_the_errors_of_a_regressor(small):
    logs = columns(small, prediction="score")
    world = roll_out(
        small(task="regression", logs=logs, labels=LABELS, windows=[1], effect={"outcome": "error"}),
        missed_less,
    )
    found = newest_effect(world.tonight, LAST, ("2", "1"))
    assert found.estimated.effect.low < -0.1 < found.estimated.effect.high < 0
    # colder rows have larger errors, and version 2 gets more of them
    assert found.raw.value > found.estimated.effect.value + 0.02
    assert "version 2 in the place of version 1 lowers the mean error: " in headline(found)


def named(rng, rows, cold, second):
    """Late where it is cold; what version 2 serves is late less often."""
    late = rng.random(len(cold)) < cold - np.where(second, 0.2, 0)
    return np.where(late, "UA", rows["carrier"])


def test_of_several_classes_the_effect_is_that_on_wrong_rows_and_their_cost(small):
    world = roll_out(
        small(
            task="multiclass_classification",
            logs=columns(small, prediction="said"),
            labels=LABELS,
            features={"temp": {"type": "number"}, "carrier": {"type": "category"}},
            multiclass={"classes": ["AA", "UA", "B6"]},
            costs={"wrong": {"UA": 3.0}},
            windows=[1],
        ),
        named,
    )
    error = effect(world.tonight, "1", "2", ALL, "error")
    assert error.binary
    # a third of the rows are of the class that late ones have, too
    assert error.estimated.effect.low < -0.2 * 2 / 3 < error.estimated.effect.high
    assert "lowers the share of wrong decisions" in headline(error)
    cost = effect(world.tonight, "1", "2", ALL, "cost")
    assert cost.estimated.effect.value == pytest.approx(3 * error.estimated.effect.value, rel=0.1)
    with pytest.raises(EffectError, match="names have no mean"):
        effect(world.tonight, "1", "2", ALL, "label")


@pytest.mark.parametrize("task", ["ranking", "uplift"])
def test_where_no_row_is_right_or_wrong_there_is_no_effect_on_errors(small, task):
    others = {"score": "score"} | (
        {"request": "hour", "item": "carrier"} if task == "ranking" else {"treatment": "coupon"}
    )
    monitor = small(task=task, logs=columns(small, **others), features={"temp": {"type": "number"}}).monitor
    rows = pa.table({"score": [0.1, 0.9], LABEL: [1.0, 0.0]})
    with pytest.raises(EffectError, match="no row of them is right or wrong"):
        outcomes_of(rows, monitor, "error")
    assert outcomes_of(rows, monitor, "label").values.tolist() == [1.0, 0.0]  # noqa: PD011  no frame

"""What serving one version in the place of another did, out of nights of a small world."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from obs_dagster.evaluation.effect import effect
from obs_dagster.evaluation.effect_outcome import EffectError
from obs_dagster.evaluation.where import Period
from obs_dagster.figures import MINUS
from obs_dagster.lake.columns import LABEL
from obs_dagster.reports.effect import cautions, effect_sections, headline, how_told, newest_effect

DAY = dt.date(2024, 3, 4)
NIGHTS = 8
ALL = Period(DAY, DAY + dt.timedelta(days=NIGHTS - 1))
LABELS = {
    "source": "parquet",
    "path": "labels/*",
    "columns": {"prediction_id": "id", "label": "late", "known_at": "known_at"},
    "max_delay_days": 0,
}


@pytest.fixture(scope="module")
def rollout(tmp_path_factory, small_at):
    """Eight nights: version 2 gets the colder rows, and lowers the share of late ones by a fifth."""
    world = small_at(tmp_path_factory.mktemp("effect"), windows=[1], labels=LABELS)
    world.train("1", "2")
    rng = np.random.default_rng(0)
    for number in range(NIGHTS):
        day = DAY + dt.timedelta(days=number)
        rows = world.rows(day, 400)
        second = rng.random(400) < 1 / (1 + np.exp((rows["temp"] - 10) / 5))
        late = rng.random(400) < 1 / (1 + np.exp((rows["temp"] - 10) / 5)) - np.where(second, 0.2, 0)
        world.log(day, rows.assign(model=np.where(second, "2", "1")))
        world.labels(f"{day}.parquet", rows, day=day, late=late)
        world.night(day)
    return world


@pytest.fixture(scope="module")
def found(rollout):
    return effect(rollout.tonight, "1", "2", ALL, "label")


def test_the_effect_is_found_behind_what_routing_hides(found):
    estimated = found.estimated
    assert estimated.effect.low < -0.17 < estimated.effect.high < 0
    # colder rows are late more often, and version 2 got them
    assert found.raw.value > estimated.effect.value + 0.05
    assert not estimated.overlap.at_random
    assert len(found.days) == NIGHTS
    assert sum(found.rows) == sum(found.served) == 400 * NIGHTS
    assert found.labelled == (1.0, 1.0)
    assert found.unmeasured.explains > found.unmeasured.shakes > 1
    assert set(found.segments) == {"carrier=AA", "carrier=B6", "carrier=UA"}


def test_people_read_it_in_sentences(found):
    told = headline(found)
    assert told.startswith(
        f"Serving version 2 in the place of version 1 lowers the share of positive labels: {MINUS}"
    )
    assert "points [" in told
    assert any("Routing was not random" in line for line in how_told(found))
    assert any("E-values" in line for line in cautions(found))
    estimates, benefit = effect_sections(found)
    assert [row[0] for row in estimates.rows][:2] == [
        "Day and features evened out",
        "Plain difference in means",
    ]
    assert {row[3] for row in benefit.rows} == {"lower"}


def test_errors_and_their_cost_have_effects_too(rollout, small_at):
    wrong = effect(rollout.tonight, "1", "2", ALL, "error")
    priced = small_at(
        rollout.root, windows=[1], labels=LABELS, costs={"false_positive": 3, "false_negative": 3}
    )
    cost = effect(priced.tonight, "1", "2", ALL, "cost")
    assert cost.raw.value == pytest.approx(3 * wrong.raw.value)
    assert cost.estimated.effect.value == pytest.approx(3 * wrong.estimated.effect.value, abs=0.05)
    assert "the share of wrong decisions" in headline(wrong)
    assert "the cost of errors per row" in headline(cost)
    with pytest.raises(EffectError, match="No error of small has a price"):
        effect(rollout.tonight, "1", "2", ALL, "cost")


def test_nights_tell_it_where_the_monitor_asks(rollout, small_at, found):
    assert newest_effect(rollout.tonight, ALL.last, ("2", "1")) is None
    asks = small_at(rollout.root, windows=[1], labels=LABELS, effect={"outcome": "label"}).tonight
    assert newest_effect(asks, ALL.last, None) is None
    assert newest_effect(asks, ALL.last, ("2", "1")).estimated.effect == found.estimated.effect


def test_labels_that_are_awaited_leave_their_days_out(rollout, small_at):
    waits = small_at(rollout.root, windows=[1], labels=LABELS | {"max_delay_days": 1})
    found = effect(waits.tonight, "1", "2", ALL, "label")
    assert (len(found.days), found.immature) == (NIGHTS - 1, 1)
    assert "1 days in common are left out" in " ".join(cautions(found))
    none = small_at(rollout.root, windows=[1], labels=LABELS | {"max_delay_days": 30})
    assert "are not complete yet" in effect(none.tonight, "1", "2", ALL, "label").reason


def test_few_days_are_a_reason(rollout):
    found = effect(rollout.tonight, "1", "2", Period(DAY, DAY + dt.timedelta(days=2)), "label")
    assert found.reason == "both versions have labelled rows on 3 days; 7 are needed"
    assert headline(found).startswith("What serving version 2 in the place of version 1 does to")
    (section,) = effect_sections(found)
    assert section.rows == []
    assert "7 are needed" in section.empty


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


def test_what_cannot_be_asked_says_why(rollout, small_at):
    with pytest.raises(EffectError, match=r"Version 9 of small has no rows"):
        effect(rollout.tonight, "1", "9", ALL, "label")
    with pytest.raises(EffectError, match="in the place of itself"):
        effect(rollout.tonight, "1", "1", ALL, "label")
    with pytest.raises(EffectError, match="has no `labels`"):
        effect(small_at(rollout.root, labels=None).tonight, "1", "2", ALL, "label")


def test_the_same_question_has_the_same_answer(rollout, found):
    again = effect(rollout.tonight, "1", "2", ALL, "label")
    assert dataclasses.replace(again.estimated.effect) == found.estimated.effect
    assert LABEL not in rollout.monitor.features

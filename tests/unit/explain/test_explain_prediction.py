"""One prediction, found in the lake and explained by the version that made it."""

import datetime as dt

import numpy as np
import pytest

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.find_prediction import PredictionNotFoundError, find_prediction
from obs_dagster.explain.prediction import PredictionError, explain_prediction
from obs_dagster.explain.prediction_explained import PredictionExplained
from obs_dagster.reports.prediction import render_prediction
from tests.unit.explain.test_explain_days import DAY, FEATURES, log_of, ready


@pytest.fixture
def world(small, registry, training):
    """A day on which versions 1 and 2 scored rows."""
    made = small(features=FEATURES, registry={"name": "delay"}, labels=None, explanations={"sample": 200})
    log_of(made, [training.iloc[:200], training.iloc[:50]], registry, ["1", "2"])
    for version in ("1", "2"):
        made.write(f"training/{version}.parquet", training.assign(score=0.5, id=training.index, late=True))
    ready(made)
    return made


def explained(world, registry, prediction_id, **more):
    row = find_prediction(world.monitor, prediction_id, world.lake)
    return explain_prediction(world.monitor, row, world.lake, registry, **more)


def test_contributions_add_up_to_what_the_log_has(world, registry, training):
    name = training.index[3]
    found = explained(world, registry, f"2-{name}")
    assert (found.version, found.day, found.background) == ("2", DAY, "baseline")
    total = found.base_value + sum(each.contribution for each in found.contributions)
    assert 1 / (1 + np.exp(-total)) == pytest.approx(found.logged)
    assert found.score == pytest.approx(found.logged)
    assert found.decision == ("positive" if found.logged >= 0.5 else "negative")
    sizes = [abs(each.contribution) for each in found.contributions]
    assert sizes == sorted(sizes, reverse=True)
    assert {each.feature for each in found.contributions} == set(FEATURES)


def test_the_nearest_row_of_the_baseline_is_the_row_itself(world, registry, training):
    found = explained(world, registry, f"1-{training.index[5]}")
    distances = [each.distance for each in found.nearest]
    assert distances == sorted(distances)
    assert len(distances) == 5
    assert found.nearest[0].score == pytest.approx(found.score, abs=0.5)
    assert found.unlike < 0.95
    assert not found.remarks


def test_without_a_baseline_it_is_held_against_other_rows_of_the_day(small, registry, training):
    made = small(
        features=FEATURES, registry={"name": "delay"}, labels=None, baseline={"kind": "rolling", "days": 7}
    )
    log_of(made, [training.iloc[:60], training.iloc[:60]], registry, ["1", "2"])
    ready(made)
    found = explained(made, registry, f"1-{training.index[5]}")
    assert found.background == "day"
    assert found.nearest[0].distance > 0


def test_a_change_leads_to_another_decision(world, registry, training):
    found = explained(world, registry, f"1-{training.index[5]}", fixed=["carrier"])
    other = found.counterfactual
    assert other.reason == ""
    assert other.name != found.decision
    assert "carrier" not in {each.feature for each in other.changes}
    with pytest.raises(PredictionError, match="reads no colour"):
        explained(world, registry, f"1-{training.index[5]}", fixed=["colour"])


def test_it_survives_being_sent_and_its_page_says_what_it_says(world, registry, training):
    found = explained(world, registry, f"1-{training.index[5]}")
    assert PredictionExplained.from_json(found.to_json()) == found
    page = render_prediction(found)
    assert found.prediction_id in page
    assert page.count("<rect") == len(FEATURES)
    assert f"It would be {found.counterfactual.name}" in page


def test_a_row_unlike_all_others_and_a_score_of_another_model_are_told(world, registry, training):
    import pandas as pd

    odd = training.iloc[[0]].assign(temp=1e6, hour=10**6, constant=-1e9)
    world.log(
        DAY,
        pd.concat(
            [
                training.iloc[:100].assign(id=[f"1-{name}" for name in training.index[:100]], score=0.5),
                odd.assign(id="odd", score=0.123),
            ]
        ).assign(at=pd.Timestamp(DAY, tz="UTC"), model="1"),
    )
    ready(world)
    row = find_prediction(world.monitor, "odd", world.lake)
    found = explain_prediction(world.monitor, row, world.lake, registry)
    assert any("knows little like it" in remark for remark in found.remarks)
    assert any("The log has 0.123" in remark for remark in found.remarks)


def test_an_id_that_is_nowhere_or_twice_is_an_error_with_a_remedy(world, registry, training):
    with pytest.raises(PredictionNotFoundError, match="has no prediction nobody on 2024-03-04"):
        find_prediction(world.monitor, "nobody", world.lake)
    following = DAY + dt.timedelta(days=1)
    log_of(world, [training.iloc[:20]], registry, ["1"], following)
    ready(world, following)
    twice = f"1-{training.index[3]}"
    with pytest.raises(PredictionNotFoundError, match="version 1, 2024-03-04; version 1, 2024-03-05"):
        find_prediction(world.monitor, twice, world.lake)
    assert find_prediction(world.monitor, twice, world.lake, day=following).day == following
    with pytest.raises(PredictionNotFoundError, match="by version 2 from"):
        find_prediction(world.monitor, twice, world.lake, version="2")


def test_without_a_registry_or_a_version_in_it_it_says_so(world, registry, training):
    row = find_prediction(world.monitor, f"1-{training.index[3]}", world.lake)
    world.changes["registry"] = None
    with pytest.raises(PredictionError, match="names no registry"):
        explain_prediction(world.monitor, row, world.lake, registry)
    world.changes["registry"] = {"name": "unheard"}
    with pytest.raises(ModelLoadError):
        explain_prediction(world.monitor, row, world.lake, registry)


def test_personal_values_are_not_shown(world, registry, training):
    world.changes["features"] = FEATURES | {"carrier": {"type": "category", "pii": True}}
    ready(world)
    found = explained(world, registry, f"1-{training.index[3]}")
    shown = {each.feature: each.value for each in found.contributions}
    assert shown["carrier"] == "(personal)"
    assert all(each.features["carrier"] == "(personal)" for each in found.nearest)
    assert found.counterfactual.reason == "the model reads personal values"
    assert found.background == "day"

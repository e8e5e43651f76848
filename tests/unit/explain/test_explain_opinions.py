"""Whole days with what is told beside SHAP values: second opinions, segments, shapes, unlike rows."""

import datetime as dt
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from obs_dagster.evaluation.sampling import draw_cells, draw_labelled
from obs_dagster.explain.cohorts import FEWEST
from obs_dagster.explain.day import explain_days
from obs_dagster.explain.kept import explanation_files
from obs_dagster.explain.records import known_by, labelled_days, records_of
from obs_dagster.explain.version_explained import explanation_metrics, summary_table
from obs_dagster.lake.columns import LABEL
from obs_dagster.sources.labels import ingest_labels
from tests.unit.explain.conftest import make_labels
from tests.unit.explain.test_explain_days import DAY, FEATURES, log_of, ready

ASKED = {
    "sample": 300,
    "cohorts": 120,
    "interactions": 20,
    "second_opinion": {"lime_rows": 25, "scored_rows": 20_000},
    "shapes": {"features": 2, "rows": 60, "points": 8},
}


@pytest.fixture
def world(small, registry, training):
    made = small(features=FEATURES, registry={"name": "delay"}, segments=["origin"], explanations=ASKED)
    log_of(made, [training.iloc[:700], training.iloc[:300]], registry, ["1", "2"])
    for version in ("1", "2"):
        made.write(f"training/{version}.parquet", training.assign(score=0.5, id=training.index, late=True))
    ready(made)
    return made


def explained(world, registry, versions=("1", "2"), **more):
    [(_, found)] = explain_days(world.monitor, [(DAY, versions)], world.lake, registry, **more)
    return {each.version: each for each in found}


def labels(world, training):
    """Labels of the first 500 rows of version 1 and of no other."""
    rows = training.iloc[:500]
    late = make_labels(rows).astype(bool)
    world.labels(
        "1.parquet", rows.assign(id=[f"1-{name}" for name in rows.index], score=0.0), day=DAY, late=late
    )
    ingest_labels(world.monitor, world.lake)


def test_lime_segments_and_unlike_rows_are_told_beside_shap(world, registry):
    found = explained(world, registry)
    for each in found.values():
        assert each.reason == ""
        assert each.doubt == ""
        assert each.opinion["lime_sign_agreement"].value > 0.8
        assert each.opinion["lime_rank_correlation"].value > 0.5
        assert each.opinion["lime_sign_agreement"].n == 25
        unlike = each.moved["unlike_baseline_share"]
        assert unlike.n == 200
        # the day's rows are rows of the training data
        assert unlike.value < 0.1
        assert set(each.cohorts) == {"origin=EWR", "origin=JFK"}
        assert all(cell["shap_ndcg"].value > 0.95 for cell in each.cohorts.values())
        assert each.worst == ""
    lines = summary_table(list(found.values()))
    assert all("%" in line["LIME agrees"] and "%" in line["unlike rows"] for line in lines)


def test_a_segment_that_is_decided_by_other_features_is_found_and_named(world, registry, training):
    # at JFK all fly with one carrier at one hour: the rest decides there
    rows = training.iloc[:700]
    at_jfk = rows["origin"] == "JFK"
    rows = rows.assign(
        hour=np.where(at_jfk, 14, rows["hour"]), carrier=np.where(at_jfk, "UA", rows["carrier"])
    )
    log_of(world, [rows], registry, ["1"])
    ready(world)
    found = explained(world, registry)["1"]
    ranking = {cell: each["shap_ndcg"] for cell, each in found.cohorts.items()}
    assert ranking["origin=JFK"].value < ranking["origin=EWR"].low
    assert ranking["origin=EWR"].value > 0.9
    assert found.worst.startswith("In origin=JFK it decides by other features")
    assert "hour" in found.worst
    assert any("origin=JFK" in remark for remark in found.remarks)


def test_small_segments_say_why_they_are_not_compared(world, registry, training):
    world.write(
        "training/1.parquet", training[training["origin"] == "EWR"].assign(score=0.5, id=0, late=True)
    )
    ready(world)
    found = explained(world, registry)["1"]
    assert found.cohorts["origin=EWR"]["shap_ndcg"].value is not None
    assert found.cohorts["origin=JFK"]["shap_ndcg"].reason == f"fewer than {FEWEST} rows of the baseline"


def test_a_row_of_several_cells_is_drawn_once_and_cells_have_as_many_rows_as_asked(world):
    world.changes["segments"] = ["origin", "carrier", ["origin", "carrier"]]
    cuts = [("origin",), ("carrier",)]
    drawn = draw_cells(world.monitor, DAY, world.lake, version="1", cuts=cuts, rows=40)
    assert drawn["id"].is_unique
    assert (drawn.groupby("origin").size() >= 40).all()
    assert (drawn.groupby("carrier").size() >= 40).all()
    assert len(drawn) < 40 * 6
    again = draw_cells(world.monitor, DAY, world.lake, version="1", cuts=cuts, rows=60)
    assert set(drawn["id"]) < set(again["id"])


def test_personal_segments_are_not_explained(world, registry):
    world.changes["features"] = FEATURES | {"origin": {"type": "category", "pii": True}}
    assert explained(world, registry)["1"].cohorts == {}


def test_pictures_and_their_numbers_are_kept(world, registry):
    explained(world, registry)
    for version in ("1", "2"):
        files = explanation_files(world.monitor, DAY, version, world.lake)
        document = json.loads(files["shapes.json"].read_text())
        assert document["shapes"][0]["feature"] == "hour"
        assert all(each["baseline"] for each in document["shapes"])
        assert files["shapes.png"].read_bytes().startswith(b"\x89PNG")
    assert "interactions.png" in files
    assert json.loads(files["interactions.json"].read_text())["rows"] == 20
    # the first version is linear
    first = explained(world, registry)["1"]
    assert "interactions.png" not in explanation_files(world.monitor, DAY, "1", world.lake)
    assert first.told == ()
    world.changes["explanations"] = {"sample": 300}
    explained(world, registry)
    assert "shapes.png" not in explanation_files(world.monitor, DAY, "2", world.lake)


def test_labels_say_what_features_are_worth_and_whether_shap_agrees(world, registry, training):
    explained(world, registry)
    labels(world, training)
    found = explained(world, registry, labelled=True)
    first = found["1"].estimates(FEATURES, explanation_metrics(world.monitor, of_labels=True))
    assert first["hour"]["permutation_importance"].low > 0
    assert first["hour"]["permutation_importance"].n == found["1"].rows == 300
    assert first["constant"]["permutation_importance"].value == 0
    assert first[""]["label_rank_correlation"].value > 0.5
    assert set(first[""]) == {"label_rank_correlation", "label_kendall_tau", "label_top_overlap"}
    assert found["2"].reason == "no labels"
    second = found["2"].estimates(FEATURES, explanation_metrics(world.monitor, of_labels=True))
    assert second["hour"]["permutation_importance"].reason == "no labels"
    # what the day's explanation left is as it was
    assert "shap_bar.png" in explanation_files(world.monitor, DAY, "1", world.lake)


def test_without_the_days_shap_values_labels_are_compared_with_nothing(world, registry, training):
    labels(world, training)
    found = explained(world, registry, labelled=True)["1"]
    assert found.metrics["hour"]["permutation_importance"].value > 0
    assert found.opinion["label_rank_correlation"].reason == "the SHAP values of the day are not kept"


def test_labelled_rows_are_those_with_a_label(world, training):
    labels(world, training)
    drawn = draw_labelled(world.monitor, DAY, world.lake, versions=["1", "2"], rows=100)
    assert (len(drawn["1"]), len(drawn["2"])) == (100, 0)
    late = make_labels(training.iloc[:500]).astype(bool)
    truth = dict(zip([f"1-{name}" for name in training.index[:500]], late, strict=True))
    assert drawn["1"][LABEL].astype(bool).to_dict() == {name: truth[name] for name in drawn["1"].index}


def test_the_budget_bounds_what_a_model_is_asked(world, registry, training, monkeypatch):
    from obs_dagster.explain import explainers as explainers_module

    asked = []
    real = explainers_module.load_version

    class Counting:
        def __init__(self, model):
            self._model = model

        def __getattr__(self, name):
            return getattr(self._model, name)

        def predict(self, rows):
            asked.append(len(rows))
            return self._model.predict(rows)

    monkeypatch.setattr(explainers_module, "load_version", lambda *args: Counting(real(*args)))
    labels(world, training)

    def scored(*, labelled=False, **settings):
        world.changes["explanations"] = {"sample": 100, **settings}
        asked.clear()
        [_] = explain_days(world.monitor, [(DAY, ("1",))], world.lake, registry, labelled=labelled)
        return sum(asked)

    alone = scored()
    opinion = {"lime_rows": 50, "scored_rows": 10_000}
    assert alone < scored(second_opinion=opinion) <= alone + 5_000
    assert 0 < scored(labelled=True, second_opinion=opinion) <= 5_000 + 100


def test_records_are_of_the_version_its_features_and_its_cells(world, registry, training):
    found = explained(world, registry)
    records = list(records_of(world.tonight, DAY, found.values()))
    keys = {record.key for record in records}
    assert len(keys) == len(records)
    assert {each.segment for each in records if each.metric == "shap_ndcg"} == {
        "*",
        "origin=EWR",
        "origin=JFK",
    }
    assert {each.metric for each in records} == set(explanation_metrics(world.monitor))
    assert {each.metric for each in records} <= known_by(labels=False)
    labels(world, training)
    by_labels = explained(world, registry, labelled=True)
    more = list(records_of(world.tonight, DAY, by_labels.values(), of_labels=True))
    assert {each.metric for each in more} == known_by(labels=True)


def test_labels_are_asked_on_the_day_whose_wait_is_over(world, monkeypatch):
    from obs_dagster.explain import records as records_module

    class Served:
        def __init__(self, versions):
            self._versions = versions

        def versions(self):
            return self._versions

    monkeypatch.setattr(records_module, "day_profile", lambda _, day: Served(["1"] if day >= DAY else []))
    wait = world.monitor.labels.max_delay_days
    days = [DAY + dt.timedelta(days=each) for each in range(wait - 1, wait + 2)]
    assert [day for day, _ in labelled_days(world.tonight, days)] == [DAY, DAY + dt.timedelta(days=1)]
    world.changes["explanations"] = {}
    assert labelled_days(world.tonight, days) == []


def test_where_a_version_is_wrong_most_often_is_told_with_how_it_decides_there(world, registry, training):
    world.changes["labels"] = world.keys["labels"] | {"max_delay_days": 0}
    rows = training.iloc[:1500]
    log_of(world, [rows], registry, ["1"])
    log = pq.read_table(world.root / f"logs/{DAY}.parquet").to_pandas()
    at_jfk = (log["origin"] == "JFK").to_numpy()
    late = (log["score"] >= 0.5).to_numpy() ^ (at_jfk & (np.random.default_rng(0).random(len(log)) < 0.5))
    world.labels("1.parquet", log, day=DAY, late=late)
    world.night(DAY)
    found = explained(world, registry, versions=("1",))["1"]
    [told] = found.told[:1]
    assert told.startswith("Where it is wrong most often, in origin=JFK (")
    assert "0% elsewhere" in told
    assert "the rankings are alike to " in told

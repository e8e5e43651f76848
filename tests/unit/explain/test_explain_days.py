"""Whole days: drawn from the lake, explained by registered versions, kept with their plots."""

import datetime as dt
import json
import pickle

import numpy as np
import pyarrow.parquet as pq
import pytest

from obs_dagster import workers
from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.explain import day as day_module
from obs_dagster.explain import explainers as explainers_module
from obs_dagster.explain.day import explain_days
from obs_dagster.explain.explainers import Explainers
from obs_dagster.explain.kept import explanation_files, explanation_remarks
from obs_dagster.explain.loading import RegistryUnavailable, load_version
from obs_dagster.explain.version_explained import VersionExplained, summary_table
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.workers import WorkerError

FEATURES = {
    "hour": {"type": "integer"},
    "temp": {"type": "number"},
    "constant": {"type": "number"},
    "carrier": {"type": "category"},
    "origin": {"type": "category"},
}
DAY = dt.date(2024, 3, 4)


def log_of(world, model_rows, registry, versions, day=DAY):
    """Write a day's log with the given rows of each version, scored by the registered model."""
    import pandas as pd

    parts = []
    for version, rows in zip(versions, model_rows, strict=True):
        model = load_version("delay", version, registry) if version in "12" else None
        parts.append(
            rows.assign(
                id=[f"{version}-{name}" for name in rows.index],
                at=pd.Timestamp(day, tz="UTC"),
                model=version,
                score=0.5 if model is None else model.predict(rows[list(model.feature_names)]),
            )
        )
    world.log(day, pd.concat(parts, ignore_index=True))


@pytest.fixture
def world(small, registry, training):
    """A monitor of the registered model and a day of versions 1, 2 and 77, which is not registered."""
    made = small(
        features=FEATURES,
        registry={"name": "delay"},
        labels=None,
        explanations={"sample": 400, "tolerance": 0.05},
    )
    rows = training.iloc[:600]
    log_of(made, [rows, rows, rows.iloc[:20]], registry, ["1", "2", "77"])
    for version in ("1", "2", "77"):
        made.write(f"training/{version}.parquet", training.assign(score=0.5, id=training.index, late=True))
    ready(made)
    return made


def ready(world, day=DAY):
    ingest_logs(world.monitor, day, world.lake)
    validate_day(world.monitor, day, world.lake)
    prepare_baseline(world.monitor, world.lake)


def explained(world, registry, versions=("1", "2", "77"), day=DAY):
    [(_, found)] = explain_days(world.monitor, [(day, versions)], world.lake, registry)
    return {each.version: each for each in found}


def files(world, version):
    return explanation_files(world.monitor, DAY, version, world.lake)


def test_each_version_is_explained_or_says_why_not(world, registry):
    found = explained(world, registry)
    for version in ("1", "2"):
        each = found[version]
        assert (each.reason, each.drawn) == ("", 400)
        assert each.rows in (100, 200, 400)
        assert each.settled
        assert each.score_difference < 1e-9
        assert each.residual < 1e-9
        assert set(each.metrics) == set(FEATURES)
        assert sum(metrics["shap_share"].value for metrics in each.metrics.values()) == pytest.approx(1)
        assert {metrics["shap_importance"].n for metrics in each.metrics.values()} == {each.rows}
    assert "Version 77" in found["77"].reason
    assert files(world, "77") == {}


def test_the_kept_values_are_the_native_ones_of_the_rows_named(world, registry, booster):
    count = explained(world, registry)["2"].rows
    table = pq.read_table(files(world, "2")["shap_values.parquet"])
    assert table.num_rows == count
    about = json.loads(table.schema.metadata[b"explanation"])
    assert about["settled"] is True
    log = pq.read_table(world.root / f"logs/{DAY}.parquet").to_pandas().set_index("id")
    rows = log.loc[table["row"].to_pylist(), list(FEATURES)]
    expected = booster.predict(rows.astype({"carrier": "category", "origin": "category"}), pred_contrib=True)
    for position, feature in enumerate(FEATURES):
        np.testing.assert_allclose(table[feature].to_numpy(), expected[:, position], atol=1e-12)


def test_a_day_explained_again_is_the_same_to_the_last_byte(world, registry):
    def kept():
        explained(world, registry)
        folder = files(world, "1")["shap_bar.png"].parent
        return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}

    first = kept()
    assert len(first) == 7
    assert kept() == first


def test_the_sample_is_the_same_whatever_its_largest_size_and_whoever_else_served(world, registry):
    def ids(versions):
        explained(world, registry, versions)
        return pq.read_table(files(world, "1")["shap_values.parquet"])["row"].to_pylist()

    every = ids(("1", "2", "77"))
    assert ids(("1",)) == every
    world.changes["explanations"] = {"sample": 600, "tolerance": 0}
    assert set(ids(("1",))) > set(every)


@pytest.fixture
def read(monkeypatch):
    """The versions whose baseline was read, each as often as it was."""
    versions = []
    original = explainers_module.sample_baseline

    def sample_baseline(monitor, version, lake, rows):
        versions.append(version)
        return original(monitor, version, lake, rows)

    monkeypatch.setattr(explainers_module, "sample_baseline", sample_baseline)
    return versions


def test_models_are_prepared_once_for_all_days(world, registry, training, read):
    following = DAY + dt.timedelta(days=1)
    log_of(world, [training.iloc[600:900]], registry, ["1"], following)
    ready(world, following)
    days = [(DAY, ["1", "2"]), (following, ["1"])]
    found = dict(explain_days(world.monitor, days, world.lake, registry))
    assert [each.version for each in found[DAY]] == ["1", "2"]
    assert found[following][0].drawn == 300
    assert sorted(read) == ["1", "2"]


def test_processes_explain_days_as_one_does_and_in_order(world, registry, training, monkeypatch):
    days = [(DAY, ["1", "2", "77"])]
    for number in (1, 2):
        following = DAY + dt.timedelta(days=number)
        log_of(world, [training.iloc[600:900]] * 2, registry, ["1", "2"], following)
        ready(world, following)
        days.append((following, ["1", "2"]))

    def explain(days):
        found = list(explain_days(world.monitor, days, world.lake, registry))
        folder = files(world, "1")["shap_bar.png"].parents[1]
        written = {file.relative_to(folder): file for file in folder.rglob("*.*")}
        return found, {name: (file.read_bytes(), file.stat().st_mtime_ns) for name, file in written.items()}

    alone, kept = explain(days)
    assert [day for day, _ in alone] == [day for day, _ in days]
    monkeypatch.setattr(day_module, "_FEWEST_DAYS", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    # this process would fail
    monkeypatch.setattr(explainers_module, "load_version", None)
    beside, again = explain(days)
    assert beside == alone
    assert {name: content for name, (content, _) in again.items()} == {
        name: content for name, (content, _) in kept.items()
    }
    assert all(again[name][1] > kept[name][1] for name in kept)


def test_what_a_process_has_prepared_serves_all_days_of_one_range_and_no_other(world, registry, read):
    for _ in range(2):
        range_of_days = Explainers(world.monitor, world.lake, registry)
        for _ in range(2):
            as_sent = pickle.loads(pickle.dumps(range_of_days))  # noqa: S301
            [found] = day_module._explain(as_sent, [(DAY, ["1"])])
            assert found[0].reason == ""
    assert read == ["1", "1"]


def test_a_version_without_rows_and_a_monitor_without_a_registry_say_so(world, registry):
    assert explained(world, registry, ("5",))["5"].reason == "no rows"
    world.changes["registry"] = None
    found = explained(world, registry)
    assert {each.reason for each in found.values()} == {"the monitor names no registry"}
    assert files(world, "1") == {}


def test_without_a_baseline_of_its_own_a_version_is_explained_against_the_day(world, registry):
    world.changes["baseline"] = {"kind": "rolling", "days": 7, "min_days": 1}
    found = explained(world, registry, ("1",))["1"]
    assert found.reason == ""
    log = pq.read_table(world.root / f"logs/{DAY}.parquet").to_pandas()
    mean = np.log(log[log["model"] == "1"]["score"].pipe(lambda score: score / (1 - score))).mean()
    assert found.base_value == pytest.approx(mean, abs=0.3)


def test_the_table_for_people(world, registry):
    lines = {line["version"]: line for line in summary_table(list(explained(world, registry).values()))}
    assert lines["2"]["rows"].endswith("of 400 drawn")
    assert lines["2"]["ranking"] == "settled"
    assert lines["2"]["top features"].startswith("hour ")
    assert "% to" in lines["2"]["top features"]
    assert "77" in lines["77"]["top features"]


def test_rows_that_the_model_refuses_are_left_out_and_counted(world, registry, monkeypatch):
    refused = "UA"

    class Picky:
        def __init__(self, model):
            self._model = model

        def __getattr__(self, name):
            return getattr(self._model, name)

        def predict(self, rows):
            if (rows["carrier"] == refused).any():
                raise ValueError("Found unknown categories")
            return self._model.predict(rows)

    real = explainers_module.load_version
    monkeypatch.setattr(explainers_module, "load_version", lambda *args: Picky(real(*args)))
    world.changes["explanations"] = {"sample": 400, "tolerance": 0}
    found = explained(world, registry, ("1",))["1"]
    log = pq.read_table(world.root / f"logs/{DAY}.parquet").to_pandas().set_index("id")
    ids = pq.read_table(files(world, "1")["shap_values.parquet"])["row"].to_pylist()
    assert refused not in set(log.loc[ids, "carrier"])
    assert (found.reason, found.rows + found.refused) == ("", 400)
    assert found.refused > 50
    assert found.estimates(FEATURES)[""]["model_refused_share"].value == found.refused / 400
    assert any("refused by the registered model" in remark for remark in found.remarks)
    monkeypatch.setattr(Picky, "predict", lambda *_: 1 / 0)
    found = explained(world, registry, ("1",))["1"]
    assert "refuses all 400 rows (ZeroDivisionError" in found.reason
    missing = found.estimates(FEATURES)["hour"]["shap_share"]
    assert (missing.value, missing.reason) == (None, found.reason)
    assert files(world, "1") == {}


@pytest.mark.parametrize("place", ["load_version", "score", "draw_versions"])
def test_whatever_fails_is_a_reason(world, registry, monkeypatch, place):
    def fail(*_args, **_kwargs):
        raise MemoryError("no room")

    monkeypatch.setattr(explainers_module, place, fail)
    found = explained(world, registry, ("1", "2"))
    assert {each.reason for each in found.values()} == {"MemoryError: no room"}


def test_another_model_than_the_one_that_served_is_named_with_figures(world, registry, training):
    log_of(world, [training.iloc[:300]], registry, ["1"])
    log = pq.read_table(world.root / f"logs/{DAY}.parquet").to_pandas()
    world.log(DAY, log.assign(score=np.where(log.index < 30, 1 - log["score"], log["score"])))
    ready(world)
    found = explained(world, registry, ("1",))["1"]
    metrics = found.estimates(FEATURES)[""]
    assert metrics["score_mismatch_share"].value == pytest.approx(0.1, abs=0.01)
    assert any("scores differ from the logged ones" in remark for remark in found.remarks)
    assert explanation_remarks(world.monitor, DAY, world.lake) == {"1": found.remarks}


def test_a_registry_that_does_not_answer_is_asked_once(world, monkeypatch):
    asked = []
    monkeypatch.setattr(day_module, "no_answer", lambda uri: asked.append(uri) or "it says nothing")
    following = DAY + dt.timedelta(days=1)
    days = [(DAY, ["1", "2"]), (following, ["1"])]
    found = dict(explain_days(world.monitor, days, world.lake, "http://127.0.0.1:9"))
    assert asked == ["http://127.0.0.1:9"]
    assert {each.reason for each in (*found[DAY], *found[following])} == {
        "MLflow does not answer: it says nothing"
    }


def test_a_registry_that_fails_meanwhile_is_not_asked_again(world, registry, monkeypatch):
    asked = []

    def unavailable(_name, version, *_):
        asked.append(version)
        raise RegistryUnavailable("The registry is gone.")

    monkeypatch.setattr(explainers_module, "load_version", unavailable)
    found = explained(world, registry)
    assert asked == ["1"]
    assert {each.reason for each in found.values()} == {"The registry is gone."}


def test_a_process_that_dies_leaves_reasons_for_the_days_that_are_left(world, registry, monkeypatch):
    def dying(_function, items, *, fewest):
        assert fewest
        yield [VersionExplained(version) for version in items[0][1]]
        raise WorkerError("A process died.")

    monkeypatch.setattr(day_module, "in_order", dying)
    following = DAY + dt.timedelta(days=1)
    found = dict(explain_days(world.monitor, [(DAY, ["1"]), (following, ["1", "2"])], world.lake, registry))
    assert [each.reason for each in found[DAY]] == [""]
    assert [each.reason for each in found[following]] == ["A process died."] * 2


def test_an_explanation_is_held_against_that_of_the_baseline(world, registry, training):
    first = explained(world, registry, ("1",))["1"].estimates(FEATURES)
    assert first[""]["shap_ndcg"].value > 0.97
    assert first["hour"]["shap_ks"].low == 0
    # every row at the same hour: it moves no score apart any more
    log_of(world, [training.iloc[:600].assign(hour=3)], registry, ["1"])
    ready(world)
    moved = explained(world, registry, ("1",))["1"].estimates(FEATURES)
    assert moved["hour"]["shap_ks"].low > 0.2


def test_the_baseline_is_explained_once_and_anew_when_it_is_another_one(world, registry, training):
    kept = world.lake.folder("small", "baseline") / "version=1" / "attribution.parquet"
    explained(world, registry, ("1",))
    before = kept.stat().st_mtime_ns
    found = explained(world, registry, ("1",))["1"].moved
    assert kept.stat().st_mtime_ns == before
    world.write("training/1.parquet", training.iloc[::2].assign(score=0.5, id=0, late=True))
    ready(world)
    explained(world, registry, ("1",))
    assert kept.stat().st_mtime_ns != before
    kept.write_bytes(b"cut off")
    assert explained(world, registry, ("1",))["1"].moved.keys() == found.keys()


def test_without_a_baseline_or_with_one_that_fails_the_day_is_explained_all_the_same(
    world, registry, monkeypatch
):
    def fail(*_args, **_kwargs):
        raise ValueError("no room")

    monkeypatch.setattr(explainers_module, "usual_attribution", fail)
    found = explained(world, registry, ("1",))["1"]
    assert (found.reason, found.moved["shap_ndcg"].reason) == (
        "",
        "the baseline's rows could not be explained: ValueError: no room",
    )
    monkeypatch.setattr(explainers_module, "sample_baseline", lambda *_: None)
    found = explained(world, registry, ("1",))["1"]
    assert (found.reason, found.moved["shap_ndcg"].reason) == (
        "",
        "the version has no baseline of its own",
    )

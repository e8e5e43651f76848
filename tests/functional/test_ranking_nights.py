"""Whole nights of rankings, held against scikit-learn on the raw files, one request at a time."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.functional import ranking_world as world
from tests.functional.conftest import Place

DAY = world.FIRST + dt.timedelta(days=1)
SUBJECTS = [
    (world.FIRST, 1, "1", "*"),
    (DAY, 7, "2", "*"),
    (DAY, 1, "1", "country=de"),
    (world.LAST, 7, "2", "country=fr"),
    (world.LAST, 1, "2", "*"),
]


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """The home after four nights in one run. To be read only."""
    home = tmp_path_factory.mktemp("shop")
    place = Place(home, home / "monitors" / "shop.yaml")
    place.monitor_file.parent.mkdir()
    place.monitor_file.write_text(world.MONITOR)
    world.build(home)
    run = place.run(world.FIRST, world.LAST)
    assert run.success, run.failures
    return place


def served(place, first, last, version, segment="*"):
    """Rows that the contract lets through by request, with their grades: 0 where none is known.

    Requests of which nothing is known are left out.
    """
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    logs = pd.concat(
        pd.read_parquet(place.home / "logs" / f"day={day}.parquet", partitioning=None) for day in days
    )
    labels = pd.concat(map(pd.read_parquet, sorted((place.home / "labels").glob("*.parquet"))))
    rows = logs[np.isfinite(logs["score"])].dropna(subset=["query", "product"])
    rows = rows[rows["model"] == version].merge(labels[["id", "grade"]], on="id", how="left")
    rows["grade"] = rows["grade"].where(np.isfinite(rows["grade"]))
    requests = rows.groupby(["query", rows["at"].dt.date])
    if segment != "*":
        single = requests["country"].transform("nunique") == 1
        rows = rows[single & (rows["country"] == segment.partition("=")[2])]
        requests = rows.groupby(["query", rows["at"].dt.date])
    return rows, [each.fillna({"grade": 0.0}) for _, each in requests if each["grade"].notna().any()]


def records(place, day, window, version, segment="*", *, column=""):
    found = place.metrics(
        days=[day], windows=[window], versions=[version], segments=[segment], columns=[column]
    )
    return {record.metric: record for record in found}


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: "-".join(map(str, subject)))
def test_rankings_are_those_of_scikit_learn(nights, subject):
    from sklearn.metrics import ndcg_score

    day, window, version, segment = subject
    first = max(world.FIRST, day - dt.timedelta(days=window - 1))
    rows, requests = served(nights, first, day, version, segment)
    found = records(nights, *subject)
    several = [each for each in requests if len(each) > 1]
    for k, name, column in ((10, "ndcg", ""), (10, "ndcg_at", "top10"), (3, "ndcg_at", "top3")):
        record = records(nights, *subject, column=column)[name]
        exact = np.mean(
            [ndcg_score([each["grade"]], [each["score"].clip(-1e9, 1e9)], k=k) for each in several]
        )
        assert record.value == pytest.approx(exact, rel=1e-9)
        assert record.n == len(several)
        assert record.low < exact < record.high
    places = [
        (each["grade"] >= 1, np.array([(each["score"] >= own).sum() for own in each["score"]]))
        for each in requests
    ]
    hits = [bool((relevant & (place <= 3)).any()) for relevant, place in places]
    assert records(nights, *subject, column="top3")["hit_rate_at"].value == np.mean(hits)
    firsts = [1 / place[relevant].min() if relevant.any() else 0.0 for relevant, place in places]
    assert found["mrr"].value == pytest.approx(np.mean(firsts), rel=1e-9)
    assert found["label_coverage"].value == rows["grade"].notna().mean()
    assert found["request_count"].value == rows.groupby(["query", rows["at"].dt.date]).ngroups
    assert found["evaluated_request_share"].value == len(requests) / found["request_count"].value
    if segment == "*":
        order = rows.sort_values(["score", "product"], ascending=[False, True])
        top = order.groupby(["query", order["at"].dt.date]).head(10)
        assert found["catalogue_coverage"].value == top["product"].nunique() / rows["product"].nunique()
    else:
        assert "catalogue_coverage" not in found


def test_requests_of_two_countries_have_a_cell_of_their_own(nights):
    assert records(nights, DAY, 1, "1", "country=(mixed)")["request_count"].value == 1


def test_no_number_that_is_none_gets_into_a_record(nights):
    every = nights.metrics()
    for record in every:
        for number in (record.value, record.low, record.high, record.error):
            assert number is None or np.isfinite(number)
        assert (record.value is None) == bool(record.reason)
    quarantined = {each.n: each.value for each in every if each.metric == "quarantined_share"}
    assert {round(n * value) for n, value in quarantined.items()} == {4}


def test_the_score_is_compared_with_the_baseline(nights):
    from scipy.stats import ks_2samp

    for day, moved in ((DAY, False), (world.BROKEN, True)):
        rows, _ = served(nights, day, day, "2")
        training = pd.read_parquet(nights.home / "training" / "version=2.parquet", partitioning=None)
        found = records(nights, day, 1, "2", column="score")
        exact = ks_2samp(rows["score"], training["score"]).statistic
        assert abs(found["ks"].value - exact) <= found["ks"].error + 1e-3
        assert (found["psi"].value > 0.25) == moved
    assert records(nights, world.BROKEN, 1, "2", "country=de", column="score")["psi"].value > 0.25
    assert not nights.metrics(columns=["query"])


def test_rules_fire_for_the_version_that_ranks_at_random_and_for_no_other(nights):
    fired = {
        (row["rule"], row["version"], row["column"], row["segment"])
        for row in nights.rows("alerts")
        if row["fired_day"]
    }
    assert fired == {("order", "2", "", "*"), ("top", "2", "top3", "*"), ("moved", "2", "score", "*")}


def test_mlflow_has_the_trends_and_the_pages(nights):
    from mlflow import MlflowClient

    client = MlflowClient(nights.settings.mlflow_uri, registry_uri=nights.settings.mlflow_uri)
    experiment = client.get_experiment_by_name("obs/shop")
    runs = client.search_runs([experiment.experiment_id])
    names = {name for run in runs for name in run.data.metrics}
    assert {"performance/7d/ndcg", "performance/7d/mrr"} <= names
    assert not [name for name in names if "query" in name or "country.de" in name]
    trends = [
        client.get_metric_history(run.info.run_id, name)
        for run in runs
        for name in run.data.metrics
        if name.endswith("ndcg") and "trend" in run.info.run_name
    ]
    pages = {
        item.path
        for run in runs
        for folder in ("", "evidently")
        for item in client.list_artifacts(run.info.run_id, folder)
    }
    assert {"health.html", "evidently/evidently_drift.html", "evidently/evidently_ranking.html"} <= pages
    assert [len(points) for points in trends] == [2] * len(trends)
    assert trends


def test_a_second_run_changes_nothing(nights):
    before = {record.key: (record.value, record.computed_at) for record in nights.metrics()}
    run = nights.run(world.LAST)
    assert run.success
    assert {record.key: (record.value, record.computed_at) for record in nights.metrics()} == before

"""Evidently's page of rankings: whole requests, and the numbers of our metrics where both mean the same."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score

from obs_dagster.evaluation.sampling import sample_day
from obs_dagster.quality.day import validate_day
from obs_dagster.reports.evidently import EvidentlyReport, NoReport
from obs_dagster.reports.quality_pages.ranking import page, ranking_report
from obs_dagster.reports.quality_pages.sampled import Sampled
from obs_dagster.sources.ingest import ingest_logs

RISKY = '</script><script>document.title="taken"</script>'
K = 4


def rankings(seed, requests=200):
    """Rankings of 5 to 12 items without ties, of which some have nothing relevant."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(5, 13, requests)
    request = np.repeat(np.arange(requests), sizes)
    grade = rng.choice([0.0, 1.0, 2.0], len(request), p=[0.85, 0.1, 0.05])
    order = rng.permutation(len(request)) / 100 + grade * np.pi
    item = [
        RISKY if each % 7 == 0 else f"i{each}"
        for size in sizes
        for each in rng.choice(50, size, replace=False)
    ]
    rows = {"request": [f"r{each}" for each in request], "item": item, "order": order, "grade": grade}
    return pd.DataFrame(rows).assign(relevant=(grade >= 1).astype(float))


@pytest.mark.parametrize("empty_requests", [True, False])
def test_the_numbers_are_those_of_our_definitions(empty_requests):
    rows = rankings(1)
    report = ranking_report(rows, cutoff=K, served=False, empty_requests=empty_requests)
    assert isinstance(report, EvidentlyReport)
    groups = [
        each.sort_values("order", ascending=False)
        for _, each in rows.groupby("request")
        if empty_requests or each["relevant"].any()
    ]
    expected = {
        "NDCG": np.mean([ndcg_score([each["grade"]], [each["order"]], k=K) for each in groups]),
        "HitRate": np.mean([each["relevant"][:K].any() for each in groups]),
        "PrecisionTopK": np.mean([each["relevant"][:K].sum() / K for each in groups]),
        "RecallTopK": np.mean(
            [each["relevant"][:K].sum() / max(each["relevant"].sum(), 1) for each in groups]
        ),
    }
    for name, value in expected.items():
        assert report.numbers[name] == pytest.approx(value), name
    assert "<script>document" not in report.html


def test_nothing_relevant_is_no_page():
    rows = rankings(1).assign(relevant=0.0, grade=0.0)
    assert isinstance(ranking_report(rows, cutoff=K, served=False, empty_requests=True), NoReport)


@pytest.fixture
def shop(small, day):
    roles = {"prediction_id": "id", "time": "at", "version": "model", "score": "score"}
    roles |= {"request": "request", "item": "item"}
    world = small(task="ranking", logs={"source": "parquet", "path": "logs/{day}.*", "columns": roles})
    frame = world.rows(day, 400)
    frame["request"] = [f"r{number // 8}" for number in range(400)]
    frame["item"] = [f"i{number % 11}" for number in range(400)]
    world.log(day, frame)
    ingest_logs(world.monitor, day, world.lake)
    validate_day(world.monitor, day, world.lake)
    return world


@pytest.mark.parametrize("rows", [1, 8, 50, 10_000])
def test_a_sample_of_rankings_has_whole_requests(shop, day, rows):
    found = sample_day(shop.monitor, day, "1", shop.lake, rows)
    assert set(found.groupby("request").size()) == {8}
    assert len(found) == min(400, 8 * -(-rows // 8))


def test_the_page_is_of_requests_with_labels(shop, day):
    found = sample_day(shop.monitor, day, "1", shop.lake, 10_000)
    unlabelled = Sampled(shop.monitor, shop.monitor.labels, found, None, "small")
    assert isinstance(page(unlabelled), NoReport)
    first = found["request"].isin(["r0", "r1", "r2"])
    found.loc[first & (found["item"] == "i3"), "_obs_label"] = 1.0
    found.loc[found["request"] == "r2", "score"] = np.inf
    report = page(Sampled(shop.monitor, shop.monitor.labels, found, None, "small"))
    assert isinstance(report, EvidentlyReport)
    assert "2 sampled requests with labels, 16 rows" in report.html
    assert report.numbers["HitRate"] == 1

"""What rows of rankings reduce to: requests, their cells, parts that add up, and samples of items."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.tasks.outcomes import OutcomeProfile
from obs_dagster.tasks.ranking import items as of_items
from obs_dagster.tasks.ranking.items import hashed, level_of, sampled
from obs_dagster.tasks.ranking.outcomes import OUTCOMES


def merged(*tables):
    return OutcomeProfile.merged([OutcomeProfile(each, OUTCOMES) for each in tables], OUTCOMES).table


def assert_same(found, expected):
    for name in OUTCOMES.keys:
        assert found[name].to_pylist() == expected[name].to_pylist()
    for name in ("n", "total", "total_sq", "level"):
        np.testing.assert_allclose(found[name].to_numpy(), expected[name].to_numpy(), rtol=1e-9, atol=1e-12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1000), requests=st.integers(1, 60), decimals=st.sampled_from([None, 0]))
def test_parts_of_whole_requests_add_up(ranked, seed, requests, decimals):
    rows = ranked.table(ranked.rows(seed, requests, decimals=decimals, labelled=0.7))
    first = pc.less(pc.binary_length(rows["request"]), 3)
    assert_same(
        merged(ranked.reduce(rows.filter(first)), ranked.reduce(rows.filter(pc.invert(first)))),
        ranked.reduce(rows),
    )


def test_the_order_of_rows_is_of_no_account(ranked):
    rows = ranked.table(ranked.rows(1, 200, decimals=0))
    shuffled = rows.take(pa.array(np.random.default_rng(1).permutation(len(rows))))
    assert_same(ranked.reduce(shuffled), ranked.reduce(rows))


def test_no_rows_are_no_outcomes(ranked):
    rows = ranked.table(ranked.rows(1, 3)).slice(0, 0)
    found = ranked.reduce(rows)
    assert (found.num_rows, found.schema.names) == (0, OUTCOMES.schema.names)


def test_requests_are_those_of_their_day_and_version(ranked):
    rows = ranked.rows(1, 30)
    one, two = ranked.table(rows, "1"), ranked.table(rows, "2")
    days = [each.append_column("day", pa.array([day] * len(each))) for day in "ab" for each in (one, two)]
    found = ranked.reduce(pa.concat_tables(days), by=["day"])
    expected = ranked.reduce(one)
    for day in "ab":
        here = found.filter(pc.equal(found["day"], day)).drop_columns("day")
        assert_same(here.filter(pc.equal(here["version"], "1")), expected)


def test_a_request_is_in_the_cell_of_all_its_rows(ranked):
    rows = ranked.rows(2, 100)
    requests = np.array(rows["request"])
    mixed = {name: list(values) for name, values in rows.items()}
    for request, value in (("r0", "UA"), ("r1", None)):
        here = np.flatnonzero(requests == request)
        mixed["carrier"][here[0]] = "AA" if value == "UA" else None
        for place in here[1:]:
            mixed["carrier"][place] = value or "UA"
    for size in ("r0", "r1"):
        assert (requests == size).sum() > 1
    table = ranked.reduce(mixed)
    of = OutcomeProfile(table, OUTCOMES)
    assert of.segments("1") == ["*", "carrier=(mixed)", "carrier=AA", "carrier=UA"]
    cells = {name: ranked.inputs(table, segment=name)[""].requests.all for name in of.segments("1")}
    assert cells["carrier=(mixed)"] == 2
    assert cells["carrier=AA"] + cells["carrier=UA"] == cells["*"] - 2 == 98


def test_a_request_of_rows_without_a_segment_value_is_in_their_cell(ranked):
    rows = ranked.rows(2, 5)
    rows["carrier"] = pa.nulls(len(rows["item"]), pa.string())
    table = ranked.reduce(rows)
    assert OutcomeProfile(table, OUTCOMES).segments("1") == ["*", "carrier=(null)"]


def test_cells_of_crossings_add_up_to_coarser_ones(ranked):
    rows = ranked.rows(2, 300)
    table = ranked.reduce(rows)
    whole = ranked.inputs(table)[""]
    parts = [ranked.inputs(table, segment=f"carrier={name}")[""] for name in ("AA", "UA")]
    assert sum(part.reciprocal_rank.total for part in parts) == pytest.approx(whole.reciprocal_rank.total)
    assert sum(part.predictions for part in parts) == whole.predictions
    assert all(part.leading.items is None for part in parts)


def test_a_cell_without_rows_has_a_reason(ranked):
    table = ranked.reduce(ranked.rows(2, 3))
    found = ranked.inputs(table, version="9")
    assert (found[""].n, found[""].predictions, found[""].leading.items.level) == (0, 0, 0)


def test_a_log_without_the_column_has_no_requests(ranked):
    rows = ranked.table(ranked.rows(2, 3))
    for column in ("request", "score", "item"):
        table = ranked.reduce(rows.drop_columns(column))
        given_ = ranked.inputs(table)[""]
        assert given_.predictions == len(rows)
        assert given_.requests.all == (3 if column == "item" else 0)


def test_samples_of_items_are_those_of_all_lower_levels():
    hashes = np.array([hashed(f"item {place}") for place in range(5000)])
    level = level_of(hashes, 100)
    assert 0 < sampled(hashes, level).sum() <= 100 < sampled(hashes, level - 1).sum()
    assert not (sampled(hashes, level) & ~sampled(hashes, level - 1)).any()
    assert abs(sampled(hashes, 3).mean() - 1 / 8) < 4 * np.sqrt(1 / 8 * 7 / 8 / 5000)


def test_a_sampled_catalogue_is_known_within_the_error(ranked, monkeypatch):
    days = [
        ranked.table(ranked.rows(seed, 3000, items=size, longest=10)) for seed, size in ((1, 900), (2, 6000))
    ]
    options = {"at": [3, 1], "segments": []}
    exact = ranked.inputs(merged(*(ranked.reduce(day, **options) for day in days)), **options)
    monkeypatch.setattr(of_items, "ITEMS", 1000)
    table = merged(*(ranked.reduce(day, **options) for day in days))
    found = ranked.inputs(table, **options)
    assert (table["kind"].to_pylist().count("item")) < 4000
    assert found["top1"].items.level == 3
    for column, names in (
        ("", ("catalogue_coverage", "exposure_gini")),
        ("top1", ("catalogue_coverage_at",)),
    ):
        truth = evaluate("performance", exact[column], task="ranking")
        sample = evaluate("performance", found[column], task="ranking")
        for name in names:
            assert truth[name].error == 0 < sample[name].error < 0.12
            assert abs(truth[name].value - sample[name].value) <= sample[name].error
            assert sample[name].low <= truth[name].value <= sample[name].high
            assert sample[name].n == pytest.approx(truth[name].n, rel=0.15)


@pytest.mark.parametrize("unlabelled", ["irrelevant", "left_out"])
def test_spark_gives_the_same(ranked, monitor, spark, unlabelled):
    import narwhals as nw

    from obs_dagster.engine.spark import SparkEngine
    from obs_dagster.profile.grids.grid import CategoryGrid, Grids
    from obs_dagster.spark.session import spark_session

    rows = ranked.table(ranked.rows(5, 40, decimals=0, labelled=0.8))
    frame = spark_session(SparkEngine(**spark)).createDataFrame(rows)
    options = {"unlabelled": unlabelled}
    found = OUTCOMES.reduce(nw.from_native(frame), monitor(**options), Grids({"carrier": CategoryGrid()}), [])
    assert_same(found, ranked.reduce(rows, **options))

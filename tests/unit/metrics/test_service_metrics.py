import numpy as np
import pytest

from obs_dagster.metrics.service.latency import quantile
from obs_dagster.profile.distribution import CategoryCounts, NumericCounts
from tests.evaluated import evaluate_service


@pytest.mark.parametrize("n", [1, 2, 57, 100, 5_000])
def test_latency_quantiles_are_numpys_within_their_error(raw, n):
    latency = np.random.default_rng(n).lognormal(3, 1, n)
    found = evaluate_service(n, raw.on_grid(latency, latency), None, ())
    for name, level in [("latency_p50", 0.5), ("latency_p95", 0.95), ("latency_p99", 0.99)]:
        exact = np.quantile(latency, level, method="inverted_cdf")
        assert abs(found[name].value - exact) <= found[name].error + 1e-9
        assert found[name].n == n


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_quantiles_counted_by_value_are_exact(raw, level):
    values = np.random.default_rng(1).integers(0, 300, 1_000)
    found = quantile(raw.by_value(values), level)
    assert (found.value, found.error) == (np.quantile(values, level, method="inverted_cdf"), 0)
    assert found.low <= found.value <= found.high


def test_the_median_of_ten_lies_between_the_second_and_the_ninth(raw):
    # The textbook's ranks: P(2 <= Bin(10, 1/2) <= 8) = 0.979, and no narrower pair reaches 95 %.
    found = quantile(raw.by_value(np.arange(1, 11)), 0.5)
    assert (found.low, found.high) == (2, 9)


def test_few_rows_do_not_bound_the_upper_end(raw):
    found = quantile(raw.by_value(np.arange(100)), 0.99)
    assert found.high is None
    assert found.low < found.value


def test_quantile_intervals_cover(raw):
    covered = 0
    for seed in range(200):
        found = quantile(raw.by_value(np.random.default_rng((2, seed)).exponential(size=300)), 0.9)
        covered += found.low <= np.log(10) <= found.high
    assert 0.92 <= covered / 200 < 1


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_interval_holds_the_rows_of_its_ranks_wherever_they_lie_in_their_bins(level):
    # All rows lie at one end of their bins, which are as wide as the interval.
    edges = np.arange(20.0)
    counts = NumericCounts(edges + 0.5, np.ones(20), np.full(20, 50))
    found = quantile(counts, level)
    for rows in (edges, edges + 1):
        exact = quantile(NumericCounts(rows, np.zeros(20), np.full(20, 50)), level)
        assert found.low <= exact.low < exact.high <= found.high
    assert (found.low % 1, found.high % 1) == (0, 0)


def test_what_did_not_report_success_is_an_error():
    status = CategoryCounts({"200": 90, "ok": 4, "500": 3, "(other)": 1}, nulls=2)
    found = evaluate_service(100, None, status, ("ok", "200", "ok"))["error_share"]
    assert (found.value, found.n) == (0.06, 100)


def test_a_log_without_latency_or_status_says_so():
    found = evaluate_service(5, None, None, ("ok",))
    assert found["error_share"].reason == "no statuses"
    assert found["latency_p99"].reason == "no latencies"
    assert (found["volume"].value, found["volume"].low) == (5, None)


def test_an_empty_day_has_a_volume():
    found = evaluate_service(0, None, CategoryCounts(), ("ok",))
    assert found["volume"].value == 0
    assert found["error_share"].reason == found["latency_p50"].reason == "no rows"

"""The reduction in compiled loops and the one in Narwhals expressions give the same profile."""

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from obs_dagster.profile.expressions import reduce_frame
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.loops import batches, histograms, tally
from obs_dagster.profile.loops.histograms import reduce_relation
from obs_dagster.profile.profile import SCHEMA
from obs_dagster.profile.reduction import reduce_days, reduce_rows
from obs_dagster.tasks.binary.outcomes import OUTCOMES, outcome_counts
from obs_dagster.tasks.outcomes import OutcomeProfile, reduce_outcome_days, reduce_outcomes
from tests.evaluated import evaluate_performance

EXACT = ["version", "segment", "column", "kind", "key", "category", "n", "minimum", "maximum"]
FEATURES = {
    "temp": {"type": "number"},
    "hour": {"type": "integer"},
    "dest": {"type": "category"},
    "carrier": {"type": "category"},
    "vip": {"type": "boolean"},
}


def rows_of(n, *, seed=3):
    """Numbers of every kind, categories frequent, rare, missing and hostile, two days."""
    rng = np.random.default_rng(seed)
    temp = rng.standard_t(1.2, n) * 20
    temp[rng.integers(0, n, n // 10)] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e300, -2e9], n // 10)
    hour = rng.integers(0, 26, n).astype(float)
    carriers = np.array(["AA", "ü=,%", "", "日本", "(null)", "(other)", "O'Hare", '"'], dtype=object)
    return pa.table(
        {
            "_obs_day": rng.choice(["2024-03-04", "2024-03-05"], n),
            "model": rng.choice(["1", "2", "vers,ion=3"], n),
            "score": rng.choice([*rng.uniform(-0.01, 1.01, 40), 0.0, 0.3, 0.7, 1.0], n),
            "prediction": pa.array(rng.random(n) < 0.5, mask=rng.random(n) < 0.05),
            "temp": pa.array(temp, mask=rng.random(n) < 0.1),
            "hour": pa.array(hour, mask=rng.random(n) < 0.1),
            "dest": pa.array([f"D{number}" for number in rng.geometric(0.01, n)], mask=rng.random(n) < 0.1),
            "carrier": pa.array(rng.choice(carriers, n), mask=rng.random(n) < 0.1),
            "vip": pa.array(rng.random(n) < 0.3, mask=rng.random(n) < 0.5),
        }
    )


@pytest.fixture
def relation():
    connection = duckdb.connect()
    return connection.from_arrow(rows_of(6_000))


def whole(parts):
    return pa.concat_tables(parts).combine_chunks()


def both(relation, monitor, by):
    grids = fit_grids(nw.from_native(relation.limit(2_000)), monitor)
    return (
        whole(reduce_relation(relation, monitor, grids, by)),
        reduce_frame(nw.from_native(relation), monitor, grids, by),
    )


def assert_same(one, other):
    days = [("_obs_day", pa.string())] if "_obs_day" in one.column_names else []
    plain = pa.schema([*days, *SCHEMA])
    # either may have its texts as codes
    one, other = (table.cast(plain) for table in (one, other))
    exact = [name for name in one.schema.names if name in {*EXACT, "_obs_day"}]
    assert one.select(exact).equals(other.select(exact))
    for name in ("total", "total_sq"):
        left, right = (table[name].to_numpy() for table in (one, other))
        np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "segments",
    [[], ["vip"], ["carrier", "vip"], ["carrier", ["carrier", "vip"]], ["dest", "carrier", "hour"]],
    ids=str,
)
@pytest.mark.parametrize("by", [[], ["_obs_day"]], ids=["whole", "by day"])
def test_the_profiles_are_the_same(small, relation, segments, by):
    monitor = small(features=FEATURES, segments=segments).monitor
    assert_same(*both(relation, monitor, by))


def test_small_batches_and_sparse_counts_change_nothing(small, relation, monkeypatch):
    monitor = small(features=FEATURES, segments=["carrier", "dest"]).monitor
    expected, _ = both(relation, monitor, [])
    monkeypatch.setattr(batches, "_FEWEST_ROWS", 0)
    monkeypatch.setattr(batches, "_MOST_ROWS", 700)
    for limits in ({"_LARGEST": 40}, {"_LARGEST": 40, "_WAITING": 10}, {"_LARGEST": 4_000}):
        for name, value in limits.items():
            monkeypatch.setattr(tally, name, value)
        found, _ = both(relation, monitor, [])
        assert_same(found, expected)


def test_many_columns_are_read_in_several_passes(small, relation, monkeypatch):
    monitor = small(features=FEATURES, segments=["carrier", "vip"]).monitor
    grids = fit_grids(nw.from_native(relation), monitor)
    frame = nw.from_native(relation)
    expected, by_day = reduce_rows(frame, monitor, grids), reduce_days(frame, monitor, grids, "_obs_day")
    monkeypatch.setattr(histograms, "_MOST_COLUMNS", 2)
    assert len(list(reduce_relation(relation, monitor, grids, []))) == 4
    assert_same(reduce_rows(frame, monitor, grids).table, expected.table)
    found = reduce_days(frame, monitor, grids, "_obs_day")
    assert sorted(found) == sorted(by_day)
    for day, profile in found.items():
        assert_same(profile.table, by_day[day].table)


def test_columns_that_are_absent_are_left_out(small, relation):
    monitor = small(features=FEATURES, segments=["carrier", "vip"]).monitor
    grids = fit_grids(nw.from_native(relation), monitor)
    less = relation.project("* EXCLUDE (carrier, temp, prediction)")
    found = whole(reduce_relation(less, monitor, grids, []))
    assert_same(found, reduce_frame(nw.from_native(less), monitor, grids, []))
    assert set(pc.unique(found["column"]).to_pylist()) == {"", "score", "hour", "dest", "vip"}


def test_no_rows_give_no_counts(small, relation):
    monitor = small(features=FEATURES, segments=["carrier"]).monitor
    grids = fit_grids(nw.from_native(relation), monitor)
    [found] = reduce_relation(relation.limit(0), monitor, grids, ["_obs_day"])
    assert found.num_rows == 0


def test_combinations_beyond_64_bits_are_numbered_in_steps():
    rng = np.random.default_rng(0)
    codes = [rng.integers(0, 3, 500) for _ in range(5)]
    ids, combinations, lengths = histograms.numbered(codes, [2**20] * 5)
    np.testing.assert_array_equal(combinations[ids], np.stack(codes, axis=1))
    np.testing.assert_array_equal(lengths, np.bincount(ids))
    assert len(np.unique(combinations, axis=0)) == len(combinations)


@pytest.mark.parametrize("finite", [True, False], ids=["all scores", "scores missing"])
@pytest.mark.parametrize("decided", [True, False], ids=["decided", "by threshold"])
def test_the_outcomes_are_the_same(small, decided, finite):
    monitor = small(features=FEATURES, segments=["carrier", ["vip", "hour"]]).monitor
    rng = np.random.default_rng(5)
    rows = rows_of(5_000)
    rows = rows.set_column(rows.schema.get_field_index("hour"), "hour", rows["hour"].cast(pa.int64()))
    rows = rows.append_column("_obs_label", pa.array(rng.random(5_000) < 0.3, mask=rng.random(5_000) < 0.4))
    if not decided:
        rows = rows.drop_columns("prediction")
    if not finite:
        score = rows["score"].to_numpy().copy()
        odd = rng.integers(0, 5_000, 900)
        score[odd] = rng.choice([np.nan, np.inf, -np.inf, 7.0, -1.0], 900)
        scores = pa.array(score, mask=rng.random(5_000) < 0.1, from_pandas=False)
        rows = rows.set_column(rows.schema.get_field_index("score"), "score", scores)
    grids = fit_grids(nw.from_native(duckdb.connect().from_arrow(rows)), monitor)
    ours = reduce_outcomes(nw.from_native(duckdb.connect().from_arrow(rows)), monitor, grids, OUTCOMES)
    theirs = reduce_outcomes(nw.from_native(rows).lazy(), monitor, grids, OUTCOMES)
    by_day = reduce_outcome_days(
        nw.from_native(duckdb.connect().from_arrow(rows)), monitor, grids, OUTCOMES, "_obs_day"
    )
    again = reduce_outcome_days(nw.from_native(rows).lazy(), monitor, grids, OUTCOMES, "_obs_day")
    assert by_day.keys() == again.keys()
    # a bin without rows may hold the sums of its tenth
    one, other = (
        each.table.filter(pc.field("n") > 0).select([*OUTCOMES.keys, "n"]) for each in (ours, theirs)
    )
    assert one.equals(other)
    days = OutcomeProfile.merged(by_day.values(), OUTCOMES)
    assert days.table.select(OUTCOMES.keys).equals(ours.table.select(OUTCOMES.keys))
    assert ours.versions() == theirs.versions()
    for version in ours.versions():
        assert ours.segments(version) == theirs.segments(version)
        for segment in ours.segments(version):
            one, other = (outcome_counts(each.cell(version, segment), segment) for each in (ours, theirs))
            assert one.predictions == other.predictions
            estimates = [evaluate_performance(each, seed=1) for each in (one, other)]
            for name, estimate in estimates[0].items():
                expected = estimates[1][name]
                assert (estimate.n, estimate.reason) == (expected.n, expected.reason)
                for field in ("value", "low", "high", "error"):
                    number, other_number = (getattr(each, field) for each in (estimate, expected))
                    assert number is other_number or number == pytest.approx(other_number, rel=1e-9)

"""Categories: whatever values come, each has its count, and what is too rare is bounded."""

import collections

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_dagster.profile import by_value
from obs_dagster.profile.entries import KINDS
from obs_dagster.profile.expressions import reduce_frame
from obs_dagster.profile.grids.fit import MOST_CELLS, fit_grids, with_new_cells
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.reduction import reduce_rows

FEATURES = {"plan": {"type": "category"}, "kind": {"type": "category"}}


def table(plans, kinds=None):
    kinds = ["x"] * len(plans) if kinds is None else kinds
    return pa.table(
        {
            "model": pa.array(["1"] * len(plans)),
            "score": pa.array([0.5] * len(plans)),
            "plan": pa.array(plans, pa.string()),
            "kind": pa.array(kinds, pa.string()),
        }
    )


def on_duckdb(rows):
    return nw.from_native(duckdb.connect().from_arrow(rows))


@pytest.fixture
def monitor(small):
    return small(features=FEATURES, segments=["kind"]).monitor


TEXTS = st.one_of(
    st.none(), st.sampled_from(["a", "b", "(other)", "", "ü=,%", "(null)"]), st.text(max_size=3)
)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, max_size=30), st.lists(TEXTS, min_size=1, max_size=60))
def test_every_value_has_its_own_count_whatever_the_baseline_had(monitor_of, before, today):
    if any("\0" in value for value in (*before, *today) if value):
        return
    grids = fit_grids(on_duckdb(table(before)), monitor_of)
    counts = reduce_rows(on_duckdb(table(today)), monitor_of, grids).counts("1", "*", "plan")
    expected = collections.Counter(today)
    assert counts.nulls == expected.pop(None, 0)
    assert (dict(counts.counts), counts.rest) == (dict(expected), 0)


@pytest.fixture(scope="module")
def monitor_of(tmp_path_factory):
    from obs_dagster.monitor.model import Monitor

    return Monitor.model_validate(
        {
            "model": "small",
            "start": "2024-03-04",
            "logs": {
                "source": "parquet",
                "path": "logs/{day}.*",
                "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "score"},
            },
            "features": FEATURES,
            "baseline": {"kind": "training", "path": "training/{version}.parquet"},
        },
        context=tmp_path_factory.mktemp("monitor") / "small.yaml",
    )


@pytest.mark.parametrize("known", [[], ["v1", "v2"], ["v9"]])
def test_the_most_frequent_values_are_kept_and_the_rest_is_bounded(monitor, monkeypatch, known):
    monkeypatch.setattr(by_value, "MOST_VALUES", 5)
    monkeypatch.setattr(by_value, "MOST_VALUES_OF_CELL", 3)
    plans = [f"v{number}" for number in range(12) for _ in range(20 - number)]
    kinds = np.random.default_rng(1).choice(["x", "y"], len(plans)).tolist()
    rows = table(plans, kinds)
    grids = with_new_cells(fit_grids(on_duckdb(table(known)), monitor), on_duckdb(rows), monitor)
    for profile in (
        reduce_rows(on_duckdb(rows), monitor, grids),
        Profile(reduce_frame(on_duckdb(rows), monitor, grids, []), grids),
    ):
        truth = collections.Counter(plans)
        counts = profile.counts("1", "*", "plan")
        assert counts.n == len(plans)
        assert all(n <= truth[value] <= n + counts.most for value, n in counts.counts.items())
        assert max(n for value, n in truth.items() if value not in counts.counts) <= counts.most
        assert {f"v{number}" for number in range(3)} <= counts.counts.keys()
        assert len(counts.counts) <= 5 + len(known)
        parts = [profile.counts("1", f"kind={kind}", "plan") for kind in ("x", "y")]
        assert sum(part.n for part in parts) == len(plans)


def test_merged_days_say_how_many_rows_of_a_value_may_be_in_their_rest(monitor, monkeypatch):
    monkeypatch.setattr(by_value, "MOST_VALUES", 2)
    days = [["a"] * 5 + ["b"] * 4 + ["c"] * 3, ["c"] * 5 + ["d"] * 4 + ["a"] * 2]
    grids = fit_grids(on_duckdb(table([])), monitor)
    merged = Profile.merged([reduce_rows(on_duckdb(table(day)), monitor, grids) for day in days], grids)
    counts = merged.counts("1", "*", "plan")
    assert (dict(counts.counts), counts.rest, counts.most) == ({"a": 5, "b": 4, "c": 5, "d": 4}, 5, 5)
    truth = collections.Counter(days[0] + days[1])
    assert all(n <= truth[value] <= n + counts.most for value, n in counts.counts.items())


def test_a_value_gets_its_cell_on_its_first_day_or_never(monitor):
    grids = fit_grids(on_duckdb(table([], [])), monitor)
    many = [f"k{number:04d}" for number in range(MOST_CELLS + 50)]
    grown = with_new_cells(grids, on_duckdb(table(many, many)), monitor)
    assert grown.columns["kind"].top == tuple(many[:MOST_CELLS])
    assert grown.columns["plan"] == grids.columns["plan"], "no segment is cut by it"
    assert with_new_cells(grown, on_duckdb(table(["a"], ["new"])), monitor) is grown
    assert Grids.from_json(grown.to_json()) == grown
    profile = reduce_rows(on_duckdb(table(many, many)), monitor, grown)
    assert profile.rows("1", "kind=k0000") == 1
    assert profile.rows("1", "kind=(other)") == 50


def test_kinds_are_in_the_order_of_their_names():
    assert list(KINDS) == sorted(KINDS)

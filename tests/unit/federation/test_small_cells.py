"""What may be said of few rows: nothing, neither outright nor as a difference."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.federation.points import grouped
from obs_dagster.federation.small_cells import hidden_cells, rows_of_cells, without_small_counts
from obs_dagster.federation.small_outcomes import can_be_made_small, without_small_outcomes
from obs_dagster.monitor.task import TASKS
from obs_dagster.profile.cells import cell_name, values_of
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.profile import SCHEMA, Profile
from obs_dagster.profile.reduction import reduce_rows
from obs_dagster.tasks.binary.outcomes import OUTCOMES
from obs_dagster.tasks.binary.table import SCHEMA as OUTCOME_SCHEMA
from tests.unit.profile.test_reduction import CHANGES, lazy, rows_of


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(1, 20))
def test_groups_are_neighbours_of_enough_rows(counts, least):
    counts = np.array(counts, dtype=np.int64)
    group = grouped(counts, least)
    assert group[0] == 0
    assert set(np.diff(group)) <= {0, 1}
    sums = np.bincount(group, weights=counts)
    assert (sums >= min(least, counts.sum())).all()
    # each is no longer than it has to be, but for the last, which takes in what is left over
    for number in range(group[-1]):
        assert counts[group == number][:-1].sum() < least


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("12"), st.sampled_from("abcd"), st.sampled_from("xyz")),
        st.integers(1, 60),
        max_size=24,
    ),
    st.integers(1, 30),
)
def test_no_cell_that_is_left_out_is_known_from_the_others(rows, least):
    """Of two columns, each alone and crossed, and all rows; a cell that is told is of enough rows."""
    counts = Counter()
    for (version, one, two), n in rows.items():
        for cut, values in (((), ()), (("o",), (one,)), (("t",), (two,)), (("o", "t"), (one, two))):
            counts[version, cell_name(cut, values)] += n
    hidden = hidden_cells(counts, least)
    told = {cell: n for cell, n in counts.items() if cell not in hidden}
    assert all(n >= least for n in told.values())
    for (version, whole), n in told.items():
        given_values = values_of(whole).items()
        for finer in ({"o"}, {"t"}, {"o", "t"}):
            parts = {
                cell: rows
                for cell, rows in counts.items()
                if cell[0] == version
                and values_of(cell[1]).keys() == finer
                and given_values < values_of(cell[1]).items()
            }
            if not parts:
                continue
            assert sum(parts.values()) == n
            known = sum(rows for cell, rows in parts.items() if cell in told)
            without = [cell for cell in parts if cell in hidden]
            # what is left is nothing, or of enough rows in several cells, or all that there is
            assert not without or known == 0 or (n - known >= least and len(without) > 1)
    for cell in hidden:
        inside = values_of(cell[1]).items()
        assert not [each for each in told if each[0] == cell[0] and inside < values_of(each[1]).items()]


@pytest.fixture(scope="module")
def counted(small_at, tmp_path_factory):
    monitor = small_at(tmp_path_factory.mktemp("counted"), **CHANGES).monitor
    grids = fit_grids(lazy(rows_of(2_000, 99, dirt=False)), monitor)
    return {n: (reduce_rows(lazy(rows_of(n, n)), monitor, grids), grids) for n in (40, 700, 3_000)}


@pytest.mark.parametrize("least", [2, 5, 25])
@pytest.mark.parametrize("n", [40, 700, 3_000])
def test_every_count_is_of_enough_rows_and_totals_stay(counted, n, least):
    profile, grids = counted[n]
    hidden = hidden_cells(rows_of_cells(profile.table.cast(SCHEMA)), least)
    table, told = without_small_counts(profile.table.cast(SCHEMA), grids, least, hidden)
    small = Profile(table, grids)
    counts = table.filter(pc.not_equal(table["kind"], "moments"))
    assert all(each >= least for each in counts["n"].to_pylist())
    assert bool(small.versions()) == (n > 2 * least)
    assert told.cells + told.versions == len(hidden)
    for version in small.versions():
        for segment in small.segments(version):
            assert small.rows(version, segment) == profile.rows(version, segment)
            for column in grids.columns:
                after, before = (each.counts(version, segment, column) for each in (small, profile))
                if after is None or before is None:
                    continue
                # what is left out of a column would be what it lacks of the cell's rows
                assert after.rows == before.rows == small.rows(version, segment)
                if hasattr(after, "points") and len(after.counts):
                    _between_groups(before, after, least)


def _between_groups(before, after, least):
    """No number of values up to a point is off by more than the rows of groups, nulls and the like."""
    apart = before.nulls + before.nans + before.infinite
    points = np.union1d(before.points, after.points)

    def up_to(counts):
        order = np.argsort(counts.points)
        sums = np.concatenate([[0], np.cumsum(counts.counts[order])])
        return sums[np.searchsorted(counts.points[order], points, side="right")]

    largest = max(counts for counts in before.counts)
    assert np.abs(up_to(before) - up_to(after)).max() <= apart + largest + 3 * least


def test_extremes_of_a_number_are_edges_of_bins_and_no_value_of_a_row(counted):
    profile, grids = counted[700]
    table, _ = without_small_counts(profile.table.cast(SCHEMA), grids, 5, set())
    raw = set(
        profile.table.cast(SCHEMA)
        .filter(pc.equal(profile.table.cast(SCHEMA)["column"], "temp"))["minimum"]
        .drop_null()
        .to_pylist()
    )
    moments = table.filter(pc.and_(pc.equal(table["column"], "temp"), pc.equal(table["kind"], "moments")))
    assert not raw & {*moments["minimum"].to_pylist(), *moments["maximum"].to_pylist()}
    scores = table.filter(pc.and_(pc.equal(table["column"], "score"), pc.equal(table["kind"], "bin")))
    assert scores.num_rows
    assert scores["minimum"].null_count == scores.num_rows


def outcomes(counts):
    """A table of outcomes: rows by bin, decision and label."""
    rows = [
        dict.fromkeys(OUTCOME_SCHEMA.names)
        | {"version": "1", "segment": "*", "bin": place, "decision": decision, "label": label, "n": n}
        | (
            {name: float(n) for name in OUTCOME_SCHEMA.names if name.endswith(("_sum", "_sq"))}
            if label is not None
            else {}
        )
        for (place, decision, label), n in counts.items()
    ]
    return pa.Table.from_pylist(rows, OUTCOME_SCHEMA)


def test_outcomes_keep_the_confusion_matrix_where_it_may_be_told():
    counts = {(place, place > 5, label): 3 for place in range(10) for label in (True, False, None)}
    small, left_out = without_small_outcomes(outcomes(counts), OUTCOMES, 8, set())
    assert left_out == 0
    found, expected = Counter(), Counter()
    for row in small.to_pylist():
        assert row["n"] >= 8
        found[row["decision"], row["label"]] += row["n"]
        assert row["score_min"] is None
    for (_, decision, label), n in counts.items():
        expected[decision, label] += n
    assert found == expected
    assert pc.sum(small["brier_sum"]).as_py() == 3.0 * 20


def test_labels_are_not_told_where_one_place_of_the_matrix_has_few():
    counts = {(1, False, False): 90, (1, False, True): 4, (8, True, True): 30, (8, True, False): 20}
    small, left_out = without_small_outcomes(outcomes(counts), OUTCOMES, 8, set())
    assert left_out == 0
    assert small["label"].null_count == small.num_rows
    assert small["brier_sum"].null_count == small.num_rows
    assert {row["decision"]: row["n"] for row in small.to_pylist()} == {False: 94, True: 50}


def test_only_outcomes_along_a_score_can_be_told_in_part():
    made = {name: TASKS.named(name).outcomes for name in TASKS.all()}
    assert {name for name, kind in made.items() if kind and can_be_made_small(kind)} == {
        "binary_classification"
    }

"""Whose own time a request took: exact sums whatever spans are like."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.spans.requests import FAULTS, Spans, requests_of


def spans(*rows):
    """Spans of (trace, id, parent, began, ended) and more: component, whether it failed."""
    full = [(*row, *(-1, False)[len(row) - 5 :]) for row in rows]
    trace, id_, parent, began, ended, component, failed = zip(*full, strict=True) if full else [()] * 7
    return Spans(
        np.array(trace, dtype=np.int64),
        np.array(id_, dtype=np.int64),
        np.array(parent, dtype=np.int64),
        np.array(began, dtype=np.int64),
        np.array(ended, dtype=np.int64),
        np.array(component, dtype=np.int64),
        np.array(failed, dtype=np.bool_),
    )


def own(*rows):
    return requests_of(spans(*rows)).own.tolist()


def faults(*rows):
    found = requests_of(spans(*rows)).faults
    assert set(found) == set(FAULTS)
    return {name: int(each.sum()) for name, each in found.items() if each.any()}


def test_a_chain_of_calls():
    assert own((0, 1, 0, 0, 100), (0, 2, 1, 10, 90), (0, 3, 2, 20, 50)) == [20, 50, 30]


def test_of_children_side_by_side_the_last_to_end_was_waited_for():
    assert own((0, 1, 0, 0, 100), (0, 2, 1, 10, 40), (0, 3, 1, 10, 80)) == [30, 0, 70]


def test_children_that_overlap_share_the_time_once():
    # until 40 the first runs, and from then on the second alone is waited for
    assert own((0, 1, 0, 0, 100), (0, 2, 1, 10, 60), (0, 3, 1, 40, 80)) == [30, 30, 40]


def test_what_goes_on_after_its_parent_takes_none_of_its_time():
    assert own((0, 1, 0, 0, 100), (0, 2, 1, 90, 500), (0, 3, 1, 200, 300)) == [90, 10, 0]


def test_a_child_of_a_child_counts_within_what_was_waited_for():
    assert own((0, 1, 0, 0, 100), (0, 2, 1, 0, 60), (0, 3, 2, 0, 60), (0, 4, 1, 30, 100)) == [0, 0, 30, 70]


def test_traces_are_apart():
    assert own((0, 1, 0, 0, 10), (0, 2, 1, 0, 4), (1, 3, 0, 0, 7)) == [6, 4, 7]


def test_what_is_wrong_with_spans():
    assert faults((0, 1, 0, 0, 10), (0, 2, 1, 2, 8)) == {}
    assert faults((0, 1, 0, 0, 10), (0, 1, 0, 0, 10)) == {"repeated": 1}
    assert faults((0, 1, 0, 0, 10), (0, 2, 9, 2, 8)) == {"orphan": 1}
    assert faults((0, 1, 9, 0, 10), (0, 2, 1, 2, 8)) == {}
    assert faults((0, 1, 0, 0, 10), (0, 2, 0, 2, 8)) == {"several_roots": 1}
    assert faults((0, 1, 0, 0, 10), (0, 2, 1, 2, -1)) == {"unfinished": 1}
    assert faults((0, 1, 0, 0, 10), (0, 2, 1, 8, 2)) == {"backwards": 1}
    assert faults((0, 1, 0, 10**9, 2 * 10**9), (0, 2, 1, 10**6, 10**9)) == {"skewed": 1}
    assert faults((0, 1, 0, 0, 10), (0, 2, 3, 2, 8), (0, 3, 2, 2, 8)) == {"circle": 1}
    assert faults((0, 2, 3, 2, 8), (0, 3, 2, 3, 8)) == {"circle": 1}
    assert faults((0, 2, 2, 2, 8)) == {"circle": 1}


def test_no_spans_are_no_requests():
    assert requests_of(spans()).roots.tolist() == []


def test_a_failure_counts_where_it_began():
    found = requests_of(
        spans(
            (0, 1, 0, 0, 10, 0, True),
            (0, 2, 1, 1, 9, 1, True),
            (0, 3, 2, 2, 8, -1, True),
            (0, 4, 1, 2, 8, 2, False),
        )
    )
    assert found.source.tolist() == [False, False, True, False]
    # what is no component is a part of what called it
    assert found.component.tolist() == [0, 1, 1, 2]


TIMES = st.integers(-50, 50)
SPANS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 12), st.integers(0, 14), TIMES, TIMES), max_size=40
)


@given(SPANS)
def test_own_times_sum_to_the_request_and_are_never_negative(rows):
    rows = [
        (trace, trace * 100 + id_, parent and trace * 100 + parent, *times)
        for trace, id_, parent, *times in sorted(rows)
    ]
    found = requests_of(spans(*rows))
    assert (found.own >= 0).all()
    total = np.bincount(found.request, weights=found.own, minlength=len(found.roots))
    assert total.tolist() == found.took[found.roots].tolist()
    # one request a trace, and every span is once in the order, after what called it
    assert len(found.roots) == len({row[0] for row in rows})
    assert sorted(found.order.tolist()) == list(range(len(found.kept)))
    place = np.argsort(found.order)
    called = found.parent >= 0
    assert (place[found.parent[called]] < place[called]).all()
    assert ((found.parent < 0).sum()) == len(found.roots)


@given(SPANS)
def test_each_moment_counts_to_a_span_that_ran(rows):
    rows = [(0, id_, parent, began, began + abs(ended)) for _, id_, parent, began, ended in rows]
    found = requests_of(spans(*rows))
    assert (found.own <= found.took).all()

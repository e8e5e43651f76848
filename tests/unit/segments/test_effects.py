"""A change's parts add up to it, and name the cause that was put there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from obs_dagster.segments.effects import FACTORS, explained
from obs_dagster.tasks.binary.ratios import RATIOS

cells = arrays(np.float64, (4, 2, 2), elements=st.integers(0, 9).map(float))
windows = st.dictionaries(st.sampled_from("abcd"), cells, min_size=1)


def value(window, metric):
    total = sum(window.values())
    ratio = RATIOS[metric]
    return (total * np.array(ratio.top)).sum() / (total * np.array(ratio.bottom)).sum()


@given(windows, windows, st.sampled_from(sorted(RATIOS)))
def test_the_parts_add_up_to_the_change(before, after, metric):
    found = explained(before, after, RATIOS[metric])
    if found is None:
        return
    assert found.before == pytest.approx(value(before, metric))
    assert found.after == pytest.approx(value(after, metric))
    assert sum(found.of(factor) for factor in FACTORS) == pytest.approx(found.change, abs=1e-12)
    assert found.interval is None or found.interval[0] <= found.change <= found.interval[1]


def people(n, recall, share=0.5, precision_of=0.3):
    """Rows of one score bin in which so many are positive, and so many of these are found."""
    positive = n * share
    cell = np.zeros((4, 2, 2))
    cell[3, 1, 1], cell[0, 0, 1] = positive * recall, positive * (1 - recall)
    cell[3, 1, 0], cell[0, 0, 0] = (n - positive) * precision_of, (n - positive) * (1 - precision_of)
    return cell


def test_other_rows_are_mix():
    before = {"x": people(800, 0.9), "y": people(200, 0.3)}
    after = {"x": people(200, 0.9), "y": people(800, 0.3)}
    found = explained(before, after, RATIOS["recall"])
    assert found.change == pytest.approx(-0.36)
    assert found.of("mix") == pytest.approx(found.change)
    assert found.of("score") == pytest.approx(0)
    assert found.of("outcome") == pytest.approx(0)
    assert not found.by_chance


def test_scores_that_fall_are_scores():
    before = {"x": people(500, 0.8), "y": people(500, 0.8)}
    fallen = people(500, 0.8)
    # half of each kind of row moves down together
    fallen[0, 0], fallen[3, 1] = fallen[0, 0] + fallen[3, 1] / 2, fallen[3, 1] / 2
    moved = explained(before, {"x": people(500, 0.8), "y": fallen}, RATIOS["predicted_positive_share"])
    assert moved.segments[0].segment == "y"
    assert moved.segments[0].score == pytest.approx(moved.change)


def test_other_truths_are_outcomes():
    flipped = people(500, 0.8)[:, :, ::-1]
    found = explained(
        {"x": people(500, 0.8), "y": people(500, 0.8)},
        {"x": people(500, 0.8), "y": flipped},
        RATIOS["accuracy"],
    )
    assert found.segments[0].segment == "y"
    assert found.segments[0].outcome == pytest.approx(found.change)
    assert found.of("score") == pytest.approx(0)


def test_the_same_twice_has_no_parts():
    window = {"x": people(100, 0.5)}
    found = explained(window, window, RATIOS["f1"])
    assert found.change == 0
    assert found.interval is None
    assert explained({}, window, RATIOS["recall"]) is None

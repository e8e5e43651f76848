"""A change's parts add up to it, and name the cause that was put there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from obs_dagster.segments import effects
from obs_dagster.segments.effects import FACTORS
from obs_dagster.tasks.binary.compared import COMPARED
from obs_dagster.tasks.binary.judged import by_decision
from obs_dagster.tasks.binary.ratios import RATIOS
from obs_dagster.tasks.judged import Difference, Judged
from obs_dagster.tasks.regression.judged import METRICS as ERRORS
from obs_dagster.tasks.uplift.judged import EXPLAINS as UPLIFT

cells = arrays(np.float64, (4, 2, 2), elements=st.integers(0, 9).map(float))
windows = st.dictionaries(st.sampled_from("abcd"), cells, min_size=1)


def explained(before, after, ratio):
    """A change of a binary classifier between windows of rows by score, decision and label."""
    metric = next(name for name, each in RATIOS.items() if each is ratio)
    judged = [{name: by_decision(cell) for name, cell in window.items()} for window in (before, after)]
    return effects.explained(*judged, COMPARED[metric])


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
    assert found.by_chance
    assert explained({}, window, RATIOS["recall"]) is None


@st.composite
def sums(draw, width, keys=6):
    """Rows of up to four segments in each of two windows, by bin, as sums that rows can come to."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    found = []
    for _ in range(2):
        names = draw(st.sets(st.sampled_from("abcd"), min_size=1))
        found.append(
            {name: (rng.integers(0, keys, 40), rng.normal(size=(40, width))) for name in sorted(names)}
        )
    return found


def by_bin(bins, numbers):
    keys, place = np.unique(bins, return_inverse=True)
    total = np.zeros((len(keys), numbers.shape[1]))
    np.add.at(total, place, numbers)
    return Judged(keys, total)


@given(sums(1), st.sampled_from(sorted(ERRORS)), st.sampled_from([None, 3, 20]))
def test_parts_of_errors_add_up_whatever_kinds_of_predictions_are_told_apart(windows, metric, parts):
    errors = [
        {name: (bins, numbers[:, 0] + bins) for name, (bins, numbers) in window.items()} for window in windows
    ]
    judged = [
        {
            name: by_bin(bins, np.stack([np.ones(40), abs(e), e**2, e**4, e], axis=1))
            for name, (bins, e) in window.items()
        }
        for window in errors
    ]
    found = effects.explained(*judged, ERRORS[metric], parts=parts)
    of = {"mae": lambda e: abs(e).mean(), "bias": np.mean, "mse": lambda e: (e**2).mean()}
    of["rmse"] = lambda e: np.sqrt((e**2).mean())
    values = [of[metric](np.concatenate([e for _, e in window.values()])) for window in errors]
    assert (found.before, found.after) == pytest.approx(values)
    assert sum(found.of(factor) for factor in FACTORS) == pytest.approx(found.change, abs=1e-9)
    assert found.interval[0] < found.change < found.interval[1]


def test_errors_of_like_predictions_that_grow_are_outcomes_and_other_predictions_are_scores():
    rng = np.random.default_rng(2)

    def window(n, high, wide):
        bins = rng.choice(10, n, p=np.where(np.arange(10) > 4, high, 0.2 - high))
        e = rng.normal(size=n) * (1 + bins) * wide
        return by_bin(bins, np.stack([np.ones(n), abs(e), e**2, e**4, e], axis=1))

    usual = window(40_000, 0.1, 1)
    wider = effects.explained({"x": usual}, {"x": window(40_000, 0.1, 1.5)}, ERRORS["mae"], parts=20)
    assert wider.of("outcome") == pytest.approx(wider.change, rel=0.02)
    higher = effects.explained({"x": usual}, {"x": window(40_000, 0.15, 1)}, ERRORS["mae"], parts=20)
    assert higher.of("score") == pytest.approx(higher.change, rel=0.02)
    assert not wider.by_chance
    assert effects.explained({"x": usual}, {"x": window(40_000, 0.1, 1)}, ERRORS["mae"], parts=20).by_chance


def test_the_interval_of_a_mean_holds_as_often_as_it_says():
    held, rng = 0, np.random.default_rng(7)
    for _ in range(400):
        sides = []
        for mean in (2.0, 2.5):
            e = rng.exponential(mean, 300)
            sides.append(
                {"x": by_bin(np.zeros(300, int), np.stack([np.ones(300), e, e**2, e**4, e], axis=1))}
            )
        found = effects.explained(*sides, ERRORS["mae"])
        held += found.interval[0] <= 0.5 <= found.interval[1]
    assert 0.93 <= held / 400 <= 0.97


@given(sums(1))
def test_parts_of_an_uplift_add_up(windows):
    judged, values = [], []
    for window in windows:
        rng = np.random.default_rng(len(window))
        rows = {name: rng.integers(1, 20, (6, 4)).astype(float) for name in window}
        judged.append({name: Judged(np.arange(6), cell) for name, cell in rows.items()})
        none, some, treated_none, treated_some = sum(rows.values()).sum(axis=0)
        values.append(treated_some / (treated_none + treated_some) - some / (none + some))
    metric = UPLIFT.metrics["average_uplift"]
    assert isinstance(metric, Difference)
    found = effects.explained(*judged, metric)
    assert (found.before, found.after) == pytest.approx(values)
    assert sum(found.of(factor) for factor in FACTORS) == pytest.approx(found.change, abs=1e-12)
    assert found.interval[0] < found.change < found.interval[1]

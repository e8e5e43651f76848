"""Segments that are worse: held against SliceLine, and found where they were put."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import norm

from obs_dagster.metrics.intervals import wilson
from obs_dagster.segments.search import Cube, Half, sliceline_score, worst_slices
from obs_dagster.segments.shrinkage import critical, kin_of_means, siblings

SIZES = (10, 8, 6)


def cube(codes, wrong):
    """The finest cells of coded rows."""
    flat = np.ravel_multi_index(codes, SIZES)
    cells, member = np.unique(flat, return_inverse=True)
    names = [[f"{column}{value}" for value in range(size)] for column, size in zip("abc", SIZES, strict=True)]
    parts = np.array(np.unravel_index(cells, SIZES)).T
    values = np.array([[names[at][code] for at, code in enumerate(row)] for row in parts], dtype=object)
    return Cube(("A", "B", "C"), values, np.bincount(member), np.bincount(member, wrong).astype(np.int64))


def rows(rng, n=20_000):
    return [rng.integers(0, size, n) for size in SIZES]


def test_a_fault_in_a_crossing_is_found_first():
    first, third = 0, 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        codes = rows(rng)
        bad = (codes[0] == 3) & (codes[1] == 2)
        found = worst_slices([cube(codes, rng.random(20_000) < np.where(bad, 0.4, 0.2))], seed)
        names = [each.name for each in found]
        first += names[:1] == ["A=a3,B=b2"]
        third += "A=a3,B=b2" in names[:3]
    assert first >= 32
    assert third >= 38


def test_where_all_are_alike_hardly_any_is_told():
    told = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        told += bool(worst_slices([cube(rows(rng), rng.random(20_000) < 0.2)], seed))
    assert told <= 12


def test_what_is_told_is_told_with_its_numbers():
    rng = np.random.default_rng(1)
    codes = rows(rng)
    wrong = rng.random(20_000) < np.where(codes[0] == 3, 0.5, 0.2)
    (found, *others) = worst_slices([cube(codes, wrong)], 0)
    assert others == []
    inside = codes[0] == 3
    assert (found.name, found.rows, found.wrong) == ("A=a3", inside.sum(), wrong[inside].sum())
    assert found.share == pytest.approx(wrong[inside].mean())
    assert found.rest == pytest.approx(wrong[~inside].mean())
    assert found.interval[0] < 0.3 < found.interval[1]
    assert found.rest < found.shrunk < found.share


@pytest.mark.parametrize("cells", [0, 1, 3])
def test_few_rows_are_no_segment(cells):
    values = np.array([[f"v{place}"] for place in range(cells)], dtype=object).reshape(cells, 1)
    count = np.full(cells, 3)
    assert worst_slices([Cube(("A",), values, count, count)], 0) == []


def test_the_score_is_that_of_sliceline():
    """Of rows that `golden/slices.py` has given to the library."""
    rng = np.random.default_rng(2)
    codes = np.array([rng.integers(0, 3, 1_500) for _ in range(3)]).T
    wrong = rng.random(1_500) < np.where((codes[:, 0] == 1) & (codes[:, 2] == 2), 0.6, 0.2)
    theirs = json.loads((Path(__file__).parent / "golden" / "slices.json").read_text())
    assert theirs
    for each in theirs:
        chosen = enumerate(each["slice"])
        inside = np.all([codes[:, at] == value for at, value in chosen if value is not None], axis=0)
        ours = sliceline_score(wrong[inside].sum(), inside.sum(), wrong.sum(), len(wrong))
        assert ours == pytest.approx(each["score"])


def test_shrinkage_takes_noise_and_leaves_what_differs():
    rng = np.random.default_rng(0)
    count = rng.integers(5, 60, 200)
    true = rng.beta(20, 60, 200)
    parts = rng.binomial(count, true)
    kin = siblings(parts, count)
    shrunk = np.array([kin.shrunk(part, n) for part, n in zip(parts, count, strict=True)])
    assert np.sqrt(((shrunk - true) ** 2).mean()) < 0.7 * np.sqrt(((parts / count - true) ** 2).mean())
    assert 40 < kin.worth < 160
    held = [kin.interval(part, n) for part, n in zip(parts, count, strict=True)]
    assert 0.9 <= np.mean([low <= value <= high for (low, high), value in zip(held, true, strict=True)]) <= 1
    alike = siblings(rng.binomial(count, 0.3), count)
    assert alike.worth > 100


def means(rng, codes, bad):
    """The finest cells of rows that lose more or less, in two halves."""
    loss = rng.exponential(np.where(bad, 2.0, 1.0))
    flat = np.ravel_multi_index(codes, SIZES)
    whole = cube(codes, np.zeros(len(flat), bool))
    first = rng.random(len(flat)) < 0.5
    _, member = np.unique(flat, return_inverse=True)
    halves = [
        Half(*(np.bincount(member[of], weights[of], minlength=len(whole.rows)) for weights in parts))
        for of in (first, ~first)
        for parts in [(np.ones(len(flat)), loss, loss**2)]
    ]
    return Cube(whole.columns, whole.values, whole.rows, np.bincount(member, loss), (halves[0], halves[1]))


def test_rows_that_lose_more_are_found_and_luck_is_kept_out():
    first = told = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        codes = rows(rng)
        bad = (codes[0] == 3) & (codes[1] == 2)
        found = worst_slices([means(rng, codes, bad)], seed)
        first += [each.name for each in found][:1] == ["A=a3,B=b2"]
        told += bool(worst_slices([means(rng, rows(rng), np.zeros(20_000, bool))], seed))
    assert first >= 36
    assert told <= 6


def test_means_of_few_rows_are_drawn_towards_their_like():
    rng = np.random.default_rng(1)
    true, n = rng.normal(5, 1, 400), rng.integers(3, 60, 400)
    drawn = [rng.normal(of, 4, size) for of, size in zip(true, n, strict=True)]
    total, squares = (np.array([(each**power).sum() for each in drawn]) for power in (1, 2))
    kin = kin_of_means(total, squares, n.astype(float))
    # what the two variances would say
    assert kin.worth == pytest.approx(16, rel=0.25)
    shrunk = np.array([kin.shrunk(*each) for each in zip(total, n, strict=True)])
    assert ((shrunk - true) ** 2).mean() < 0.7 * ((total / n - true) ** 2).mean()


@pytest.mark.parametrize("bias", [0.0, 0.05, 0.5, 1.0, 3.0, 20.0])
def test_intervals_reach_as_far_as_the_worst_distribution_of_segments_asks(bias):
    """Held against the linear program over all distributions of biases on a grid."""
    reach = critical(bias)
    squares = np.concatenate([[0.0], np.geomspace(1e-6, 2_000, 3_000)])
    missed = norm.sf(reach - np.sqrt(squares)) + norm.cdf(-reach - np.sqrt(squares))
    worst = linprog(-missed, A_eq=[np.ones_like(squares), squares], b_eq=[1, bias])
    assert -worst.fun == pytest.approx(0.05, abs=1e-4)


def test_intervals_hold_also_where_few_segments_are_unlike_all_others():
    rng, held, alone = np.random.default_rng(3), [], []
    for _ in range(40):
        true = np.where(rng.random(100) < 0.05, 0.35, 0.1 + 0.01 * rng.normal(size=100))
        n = rng.integers(30, 200, 100)
        bad = rng.binomial(n, true)
        kin = siblings(bad, n)
        bounds = np.array([kin.interval(*each) for each in zip(bad, n, strict=True)])
        held.append((bounds[:, 0] <= true) & (true <= bounds[:, 1]))
        wide = bounds[:, 1] - bounds[:, 0]
        alone.append(wide / np.array([np.diff(wilson(*each))[0] for each in zip(bad, n, strict=True)]))
    assert 0.94 <= np.mean(held) <= 0.985
    assert np.mean(alone) < 1

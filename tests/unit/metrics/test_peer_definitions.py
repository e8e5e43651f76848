"""Statistics as Evidently and NannyML define them: theirs on the same rows, within the stated error."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_dagster.metrics.drift.evidently import sturges
from obs_dagster.metrics.drift.nannyml import doane
from obs_dagster.metrics.drift.peer_bins import in_bins
from obs_dagster.profile.distribution import CategoryCounts
from tests.evaluated import evaluate_drift
from tests.unit.metrics.golden.columns import CATEGORIES, ROWS, SHAPES, column

GOLDEN = json.loads((Path(__file__).parent / "golden" / "nannyml.json").read_text(encoding="utf-8"))
TESTS = {
    "psi": "psi",
    "jensen_shannon": "jensenshannon",
    "wasserstein": "wasserstein",
    "ks": "ks",
    "hellinger": "hellinger",
}
METHODS = {
    "jensen_shannon": "jensen_shannon",
    "hellinger": "hellinger",
    "wasserstein": "wasserstein",
    "ks": "kolmogorov_smirnov",
}


def evidentlys(test, before, after, kind):
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType

    before, after = pd.Series(before), pd.Series(after)
    stattest = get_stattest(before, after, kind, test)
    with np.errstate(divide="ignore"):
        return float(stattest(before, after, ColumnType(kind), None).drift_score)


def as_profiled(raw, side, baseline):
    """Counts as a profile has them: by value where the baseline has few, but for values that are new."""
    known = np.unique(baseline)
    if len(known) > 256:
        return raw.on_shape(side, baseline)
    counts = raw.by_value(side)
    return replace(counts, widths=np.where(np.isin(counts.points, known), 0.0, 0.4))


@pytest.fixture(scope="module")
def found(raw):
    """What each definition says of the profile, and of the values: by shape and rows."""
    kept = {}
    for shape in SHAPES:
        for size in ROWS:
            sides = column(shape, size)
            profiled = [as_profiled(raw, side, sides[0]) for side in sides]
            kept[shape, size] = [
                evaluate_drift(*counts, seed=1)
                for counts in (profiled, [raw.by_value(side) for side in sides])
            ]
    return kept


@pytest.mark.parametrize("size", ROWS)
@pytest.mark.parametrize("shape", SHAPES)
def test_evidently_says_the_same_of_numbers(found, shape, size):
    on_profile, on_values = found[shape, size]
    for name, test in TESTS.items():
        theirs = evidentlys(test, *column(shape, size), "num")
        ours = on_values[f"{name}.evidently"]
        assert ours.value == pytest.approx(theirs, rel=1e-6, abs=1e-12)
        assert ours.error < 1e-6
        binned = on_profile[f"{name}.evidently"]
        if binned.value is None:
            assert name == "hellinger"
            assert binned.reason
        else:
            assert abs(binned.value - theirs) <= binned.error + 1e-9


@pytest.mark.parametrize("size", ROWS)
@pytest.mark.parametrize("shape", SHAPES)
def test_nannyml_says_the_same_of_numbers(found, shape, size):
    on_profile, on_values = found[shape, size]
    theirs = GOLDEN["numbers"][f"{shape}, {size}"]
    assert theirs["sums"] == pytest.approx([side.sum() for side in column(shape, size)])
    for name, method in METHODS.items():
        ours = on_values[f"{name}.nannyml"]
        assert ours.value == pytest.approx(theirs[method], rel=1e-6, abs=1e-9)
        binned = on_profile[f"{name}.nannyml"]
        if binned.value is None:
            assert "leaves open how many bins" in binned.reason
        else:
            assert abs(binned.value - theirs[method]) <= binned.error + 1e-9


@pytest.mark.parametrize("case", CATEGORIES)
def test_both_say_the_same_of_categories(case):
    sides = CATEGORIES[case]
    found = evaluate_drift(*(CategoryCounts(dict(side)) for side in sides), seed=1)
    rows = [[value for value, n in side.items() for _ in range(n)] for side in sides]
    for name, test in {**TESTS, "chi_square": "chisquare"}.items():
        if name not in ("wasserstein", "ks"):
            theirs = evidentlys(test, *rows, "cat")
            assert found[f"{name}.evidently"].value == pytest.approx(theirs, rel=1e-9, abs=1e-9), name
    for name, method in {
        "jensen_shannon": "jensen_shannon",
        "hellinger": "hellinger",
        "l_infinity": "l_infinity",
        "chi_square": "chi2",
    }.items():
        theirs = GOLDEN["categories"][case][method]
        assert found[f"{name}.nannyml"].value == pytest.approx(theirs, rel=1e-9, abs=1e-9), name


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_rows_of_other_bins_lie_in_their_range(raw, seed, bins):
    rng = np.random.default_rng(seed)
    rows = rng.lognormal(0, 1, 400)
    edges = np.linspace(*sorted(rng.lognormal(0, 1, 2)), bins + 1)
    exact = np.histogram(rows, edges)[0]
    assert (in_bins(raw.by_value(rows), edges).counted == exact).all()
    binned = in_bins(raw.on_grid(rows, rows), edges)
    assert (binned.least <= exact).all()
    assert (exact <= binned.most).all()
    assert (binned.least <= binned.counted).all()
    assert (binned.counted <= binned.most).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(SHAPES)), st.integers(5, 3_000))
def test_edges_are_numpys(raw, seed, shape, rows):
    rng = np.random.default_rng(seed)
    sides = [SHAPES[shape](rng, n, moved) for n, moved in ((rows, 0), (300, 1))]
    counts = [raw.by_value(side) for side in sides]
    both = np.concatenate(sides)
    assert sturges(*counts) == pytest.approx(np.histogram_bin_edges(both, bins="sturges"))
    assert doane(counts[0]) == pytest.approx(np.histogram_bin_edges(sides[0], bins="doane"))
    binned = doane(as_profiled(raw, sides[0], sides[0]))
    assert isinstance(binned, str) or binned == pytest.approx(doane(counts[0]))


def test_a_column_that_does_not_vary_has_no_wasserstein_distance_of_nothing(raw):
    sides = raw.by_value(np.full(100, 7.0)), raw.by_value(np.full(50, 7.0 + 2e-4))
    found = evaluate_drift(*sides, seed=1)
    assert found["wasserstein.evidently"].value == pytest.approx(0.2)
    assert found["psi.evidently"].value == pytest.approx(evidentlys("psi", [7.0] * 100, [7.0002] * 50, "num"))

import numpy as np
import pytest

from obs_dagster.profile.loops import extremes
from obs_dagster.profile.loops.extremes import Extremes


@pytest.mark.parametrize("largest", [0, 40, 1 << 21], ids=["pairs", "first arrays then pairs", "arrays"])
def test_the_extremes_are_those_of_the_rows(monkeypatch, largest):
    monkeypatch.setattr(extremes, "_LARGEST", largest)
    rng = np.random.default_rng(3)
    ends, rows = Extremes(10), []
    for cells_known in (2, 3, 7):
        cells, bins = (rng.integers(0, most, 50).astype(np.int32) for most in (cells_known, 10))
        values = rng.normal(size=50)
        ends.add(cells, bins, values, cells_known)
        rows += zip(cells, bins, values, strict=True)
    groups = np.array([0, 1, 0, 2, 2, 1, 0])
    expected = {}
    for cell, place, value in rows:
        low, high = expected.get((groups[cell], place), (np.inf, -np.inf))
        expected[groups[cell], place] = min(low, value), max(high, value)
    found = ends.of(*np.array(list(expected)).T, groups)
    np.testing.assert_array_equal(found.T, np.array(list(expected.values())))

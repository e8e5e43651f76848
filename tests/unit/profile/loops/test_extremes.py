import numpy as np
import pytest

from obs_dagster.profile.loops import extremes
from obs_dagster.profile.loops.extremes import Extremes
from obs_dagster.profile.loops.kernels import SPECIAL


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


@pytest.mark.parametrize("largest", [0, 1 << 21], ids=["pairs", "arrays"])
def test_rows_widen_by_their_keys_as_by_their_bins(monkeypatch, largest):
    monkeypatch.setattr(extremes, "_LARGEST", largest)
    rng = np.random.default_rng(4)
    keys = np.where(rng.random(80) < 0.2, SPECIAL - 1, rng.integers(0, 40, 80)).astype(np.int32)
    cells, owners = rng.integers(0, 5, 80).astype(np.int32), np.array([0, 2, 1, 0, 2], dtype=np.int32)
    values, binned = rng.normal(size=80), keys > SPECIAL
    by_keys, by_bins = Extremes(10), Extremes(10)

    by_keys.add_keyed(keys, cells, values, owners, bits=2)
    by_bins.add(owners[cells[binned]], keys[binned] >> 2, values[binned], 3)

    asked = owners[cells[binned]].astype(np.int64), (keys[binned] >> 2).astype(np.int64), np.arange(3)
    np.testing.assert_array_equal(by_keys.of(*asked), by_bins.of(*asked))

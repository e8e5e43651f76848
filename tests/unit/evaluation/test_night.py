import pickle
import shutil

import pytest

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.errors import LakeError


@pytest.fixture
def prepared(small):
    world = small()
    world.train("1")
    prepare_baseline(world.monitor, world.lake)
    return world


def test_grids_are_loaded_once(prepared):
    night = prepared.tonight
    grids = night.grids
    shutil.rmtree(prepared.lake.folder("small", "baseline"))

    assert night.grids is grids
    with pytest.raises(LakeError, match="has not been prepared"):
        prepared.tonight.grids  # noqa: B018  that it is asked for is the point


@pytest.mark.parametrize("asked", [False, True])
def test_another_process_evaluates_with_the_same(prepared, asked):
    night = prepared.tonight
    if asked:
        assert night.grids.columns
    other = pickle.loads(pickle.dumps(night))  # noqa: S301  our own

    assert (other.monitor, other.recorder) == (night.monitor, night.recorder)
    assert (other.lake.root, other.grids.id) == (night.lake.root, night.grids.id)

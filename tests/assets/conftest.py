"""The definitions of the repository's own monitors."""

from pathlib import Path

import pytest

from jobs.composition import compose
from obs_dagster.catalogue import monitors_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def monitors(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OBS_HOME", str(tmp_path_factory.mktemp("home")))
        return monitors_of(ROOT / "monitors")


@pytest.fixture(scope="session")
def definitions(monitors):
    return compose(monitors)


@pytest.fixture(scope="session")
def graph(definitions):
    return definitions.resolve_asset_graph()

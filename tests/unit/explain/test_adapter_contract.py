"""What every registered model adapter keeps to, whichever there are."""

import pickle

import pytest

from obs_dagster.explain.loading import ADAPTERS
from obs_dagster.explain.logged_model import LoggedModel

NAMES = sorted(ADAPTERS.all())
#: What MLflow's flavors call the file, and what they say of it.
FLAVORS = [
    {"data": "model", "pickled_model": "model", "serialization_format": "cloudpickle"},
    {"data": "model", "pickled_model": "model", "serialization_format": "pickle", "model_class": "x.Y"},
    {"data": "model", "pickled_model": "model", "serialization_format": "skops"},
]


class Runs:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.fixture
def logged(tmp_path):
    def make(content, flavor):
        (tmp_path / "model").write_bytes(content)
        return LoggedModel(tmp_path, flavor, {}, "native", "Version 1 of 'm'")

    return make


@pytest.mark.parametrize("flavor", FLAVORS, ids=["cloudpickle", "pickle", "skops"])
@pytest.mark.parametrize("name", NAMES)
def test_code_of_an_artifact_does_not_run_unless_it_is_trusted(name, flavor, logged, tmp_path):
    ran = tmp_path / "ran"
    with pytest.raises(Exception, match=r"."):
        ADAPTERS.named(name).adapt(logged(pickle.dumps(Runs(ran)), flavor))
    assert not ran.exists()


@pytest.mark.parametrize("content", [b"", b"nothing of the kind"], ids=["empty", "other"])
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_no_model(name, content, logged):
    with pytest.raises(Exception, match=r"."):
        ADAPTERS.named(name).adapt(logged(content, FLAVORS[0]))

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session")
def season():
    """The generated inputs of `season.py`."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("season.py"))))

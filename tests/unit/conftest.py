import os
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import counted

SPARK = {
    "kind": "spark",
    "master": "local[2]",
    # a few hundred rows: compiling queries would cost more than running them
    "config": {
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.shuffle.partitions": "2",
    },
}


@pytest.fixture
def pyspark():
    """The optional library; without it there is nothing to test."""
    return pytest.importorskip("pyspark", reason="the extra `spark` is not installed")


@pytest.fixture
def spark(pyspark):
    """The engine section that all tests share, and with it the process's one Spark session."""
    if not shutil.which("java", path=os.environ.get("JAVA_HOME", "") + "/bin:" + os.environ["PATH"]):
        pytest.skip("Java is not installed")
    return SPARK


@pytest.fixture(scope="session")
def season():
    """The generated inputs of `season.py`."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("season.py"))))


@pytest.fixture(scope="session")
def raw():
    """Counts made from raw arrays, as the profile would make them, but by other means."""
    return counted

import pytest

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
def spark():
    """The engine section that all tests share, and with it the process's one Spark session."""
    return SPARK

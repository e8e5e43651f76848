import pytest

from obs_dagster.engine import session
from obs_dagster.engine.session import EngineError, session_config, spark_session
from obs_dagster.monitor.engine import SparkEngine


def test_a_process_has_one_session_in_utc_that_nobody_else_reaches(spark):
    first = spark_session(SparkEngine(**spark))

    assert spark_session(SparkEngine(**spark)) is first
    assert first.conf.get("spark.sql.session.timeZone") == "UTC"
    assert first.conf.get("spark.driver.host") == "127.0.0.1"
    assert first.sparkContext.uiWebUrl is None


def test_a_cluster_reaches_the_driver_and_the_monitor_has_the_last_word():
    config = {"spark.ui.enabled": "true", "spark.executor.memory": "2g"}
    found = session_config(SparkEngine(master="spark://host:7077", config=config))
    assert "spark.driver.bindAddress" not in found
    assert found.items() >= config.items()


@pytest.mark.parametrize("java", ["nowhere", ""])
def test_what_is_missing_is_named_with_its_remedy(pyspark, monkeypatch, tmp_path, java):
    settings = SparkEngine(master="local[1]")
    monkeypatch.setenv("JAVA_HOME", java and str(tmp_path / java))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=r"Java is not installed .* Install Java 17"):
        spark_session(settings)
    monkeypatch.setattr(session, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match=r"pip install 'obs-dagster\[spark\]'"):
        spark_session(settings)

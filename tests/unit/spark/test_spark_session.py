import socket

import pytest

from obs_dagster.engine.spark import SparkEngine
from obs_dagster.spark import master, session
from obs_dagster.spark.error import EngineError
from obs_dagster.spark.keys import SparkKeys
from obs_dagster.spark.session import session_config, spark_session


def test_a_process_has_one_session_in_utc_that_nobody_else_reaches(spark):
    settings = SparkEngine(**spark)
    first = spark_session(settings)

    assert spark_session(settings) is first
    assert first.conf.get("spark.sql.session.timeZone") == "UTC"
    assert first.conf.get("spark.driver.host") == "127.0.0.1"
    assert first.sparkContext.uiWebUrl is None


def test_every_task_knows_the_span_that_it_is_a_part_of(spark, monkeypatch):
    from pyspark import TaskContext

    monkeypatch.setattr(
        session, "traceparent", lambda: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    )
    context = spark_session(SparkEngine(**spark)).sparkContext
    tasks = context.parallelize([0], 1).map(lambda _: TaskContext.get().getLocalProperty("traceparent"))
    assert tasks.collect() == ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]


def test_a_cluster_reaches_the_driver_and_the_monitor_has_the_last_word():
    config = {"spark.ui.enabled": "true", "spark.executor.memory": "2g"}
    found = session_config(SparkKeys(master="spark://host:7077", config=config))
    assert "spark.driver.bindAddress" not in found
    assert found.items() >= config.items()


@pytest.mark.parametrize("java", ["nowhere", ""])
def test_what_is_missing_is_named_with_its_remedy(pyspark, monkeypatch, tmp_path, java):
    settings = SparkKeys(master="local[1]")
    monkeypatch.setenv("JAVA_HOME", java and str(tmp_path / java))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=r"Java is not installed .* Install Java 17"):
        spark_session(settings)
    monkeypatch.setattr(session, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match=r"pip install 'obs-dagster\[spark\]'"):
        spark_session(settings)


@pytest.fixture
def port():
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_a_master_that_does_not_answer_is_named(spark, port):
    url = f"spark://127.0.0.1:{port}"
    with pytest.raises(EngineError, match=rf"No Spark master answers at {url} .*refused") as raised:
        spark_session(SparkKeys(master=url))
    assert "`engine.master`" in raised.value.remedy


@pytest.mark.parametrize(
    "url", ["spark://127.0.0.1:{closed},127.0.0.1:{open}", "k8s://http://127.0.0.1:{open}"]
)
def test_one_address_that_answers_is_enough(port, url):
    with socket.create_server(("127.0.0.1", 0)) as server:
        master.require_master(url.format(closed=port, open=server.getsockname()[1]))
    with pytest.raises(EngineError, match="No Spark master answers"):
        master.require_master(url.format(closed=port, open=port))


@pytest.mark.parametrize("url", ["local[2]", "local", "yarn"])
def test_what_is_no_address_is_not_looked_for(url, monkeypatch):
    monkeypatch.setattr(master.socket, "create_connection", None)
    master.require_master(url)


def test_yarn_is_not_tried_for_long():
    found = session_config(SparkKeys(master="yarn"))
    assert found["spark.hadoop.yarn.resourcemanager.connect.max-wait.ms"] == "15000"
    assert "spark.hadoop.ipc.client.connect.max.retries" not in session_config(SparkKeys(master="local"))

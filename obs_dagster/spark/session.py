"""The Spark session of the process: started when first asked for, stopped at exit."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from obs_dagster.spark.error import EngineError
from obs_dagster.spark.keys import SparkKeys
from obs_dagster.spark.master import REMEDY, require_master
from obs_dagster.telemetry.traces import traceparent

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOGGING = Path(__file__).with_name("log4j2.properties")
#: What a monitor's own `config` may overrule.
_DEFAULTS = {
    "spark.app.name": "obs-dagster",
    # else every expression asks Java where in Python it was made
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.driver.defaultJavaOptions": f"-Dlog4j2.configurationFile=file:{_LOGGING}",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
_LOOPBACK = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
#: YARN would be tried for a quarter of an hour.
_YARN = {
    "spark.hadoop.yarn.resourcemanager.connect.max-wait.ms": "15000",
    "spark.hadoop.yarn.resourcemanager.connect.retry-interval.ms": "3000",
    "spark.hadoop.ipc.client.connect.max.retries": "2",
}
_REMEDY = "Check `engine` in the monitor, and that `java -version` says 17 or newer."
#: The address of a Spark Connect server, as pyspark knows it.
_REMOTE = "SPARK_REMOTE"
_lock = Lock()

TRACEPARENT = "traceparent"
"""The local property that has the open span as W3C's header of that name has it."""


@dataclass(frozen=True, slots=True)
class _Running:
    settings: SparkKeys
    session: SparkSession


_running: _Running | None = None


def spark_session(settings: SparkKeys) -> SparkSession:
    """The process's Spark session; one with other settings is stopped first.

    Settings of the Java process itself, as `spark.driver.memory`, are those of the process's first session.

    Raises:
        EngineError: pyspark or Java is missing, the master does not answer, or the session does not start.
    """
    global _running  # noqa: PLW0603  Spark has one session per process
    with _lock:
        if _running is None or _running.settings != settings:
            _require_pyspark()
            if not _is_connect(settings):
                _require_java()
            require_master(settings.master)
            stop()
            _running = _Running(settings, _started(settings))
            atexit.unregister(stop)
            atexit.register(stop)
        if not _is_connect(settings) and (carrier := traceparent()):
            # goes with every task of what this thread asks for, to its executors and Spark's event log
            _running.session.sparkContext.setLocalProperty(TRACEPARENT, carrier)
        return _running.session


def stop() -> None:
    """Stop the process's session, if there is one; the next work starts another one."""
    global _running  # noqa: PLW0603  as above
    if _running is not None:
        _running.session.stop()
        _running = None


def session_config(settings: SparkKeys) -> dict[str, str]:
    """The configuration of a session: the project's defaults under what the monitor says.

    Spark on this machine listens on loopback only. On a cluster, executors must reach the driver.
    """
    if _is_connect(settings):
        # a server has settings of its own
        return dict(settings.config)
    if _is_local(settings):
        return _DEFAULTS | _LOOPBACK | settings.config
    return _DEFAULTS | (_YARN if settings.master == "yarn" else {}) | settings.config


def _is_local(settings: SparkKeys) -> bool:
    return settings.master.startswith("local")


def _is_connect(settings: SparkKeys) -> bool:
    """Whether the session is one of a Spark Connect server, with which this process talks by gRPC alone."""
    return settings.master.startswith("sc://")


def _started(settings: SparkKeys) -> SparkSession:
    # several of its modules say so, whenever one is first imported; no rows go through pandas here
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    if _is_local(settings):
        # read before any setting is: without it Spark looks for the machine's address, and warns
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    # of the executors, which have this program as this process has it, unless it is said where
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if _is_connect(settings):
        # an address that has a token is a secret, and stands in the environment, where Spark looks for it
        builder = SparkSession.builder.remote(os.environ.get(_REMOTE) or settings.master)
    else:
        builder = SparkSession.builder.master(settings.master)
    for key, value in session_config(settings).items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except (Py4JError, PySparkException) as error:
        raise EngineError(
            f"Spark does not start with the master {settings.master}: {_reason(error)}",
            remedy=_REMEDY if _is_local(settings) else REMEDY,
        ) from error


def _reason(error: Exception) -> str:
    r"""One line of an error; of one in Java its own message, which comes second.

    >>> _reason(ValueError("An error occurred while calling o1.x.\n: java.lang.Error: no\n\tat a.b"))
    'java.lang.Error: no'
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return next((line[2:] for line in lines if line.startswith(": ")), lines[0])


def _require_pyspark() -> None:
    if find_spec("pyspark") is None:
        raise EngineError(
            "The monitor's engine is Spark, and pyspark is not installed.",
            remedy="Install the extra: `pip install 'obs-dagster[spark]'`, or set `engine: duckdb`.",
        )


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = Path(home, "bin", "java") if home else Path("java")
    if shutil.which(java) is None:
        raise EngineError(
            f"The monitor's engine is Spark, and Java is not installed ({java} cannot be run).",
            remedy="Install Java 17 or newer and, unless `java` is on the PATH, set JAVA_HOME; "
            "or set `engine: duckdb`.",
        )

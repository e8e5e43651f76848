"""A standalone cluster of Spark on loopback: a master and workers, each a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from bench.measurement import BenchError

_SECONDS = 90.0
_LOOPBACK = "127.0.0.1"


@dataclass(slots=True)
class SparkCluster:
    """A master, and the workers that it knows.

    Attributes:
        folder: has what each process says, and what workers work on.
        cores, memory: of each worker; memory as Spark writes it.
        environment: further variables of workers, which their executors have, too.
    """

    folder: Path
    cores: int = 1
    memory: str = "1g"
    environment: Mapping[str, str] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def master(self) -> str:
        """The URL of the master."""
        return f"spark://{_LOOPBACK}:{self.port}"

    @property
    def config(self) -> dict[str, str]:
        """The settings of a session on this machine that uses it."""
        return {
            "spark.driver.host": _LOOPBACK,
            "spark.driver.bindAddress": _LOOPBACK,
            "spark.executor.memory": self.memory,
            "spark.executor.cores": str(self.cores),
        }

    @contextmanager
    def running(self, workers: int) -> Iterator[SparkCluster]:
        """Run the master and some workers while the block lasts; no process is left.

        Raises:
            BenchError: one of them does not come up.
        """
        self.port = _free_port()
        ends = ["--host", _LOOPBACK, "--port", str(self.port), "--webui-port", str(_free_port())]
        master = self._started("master", ["org.apache.spark.deploy.master.Master", *ends])
        try:
            self._until_said("master", "I have been elected leader", master)
            for _ in range(workers):
                self.add_worker()
            yield self
        finally:
            for process in [*self.workers, master]:
                end(process)

    def add_worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker, and wait until the master knows it.

        Raises:
            BenchError: it does not come up.
        """
        name = f"worker-{len(self.workers)}"
        command = ["org.apache.spark.deploy.worker.Worker", "--host", _LOOPBACK, "--webui-port", "0"]
        command += ["--cores", str(self.cores), "--memory", self.memory]
        command += ["--work-dir", str(self.folder / name), self.master]
        self.workers.append(self._started(name, command))
        self._until_said(name, "Successfully registered with master", self.workers[-1])
        return self.workers[-1]

    def _started(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        found = find_spec("pyspark")
        if found is None or found.origin is None:
            message = "pyspark is not installed"
            raise BenchError(message)
        self.folder.mkdir(parents=True, exist_ok=True)
        own = {
            "SPARK_LOCAL_IP": _LOOPBACK,
            "SPARK_DAEMON_MEMORY": "256m",
            "PYSPARK_PYTHON": sys.executable,
            # executors look for files of this machine alone
            "SPARK_LOCAL_DIRS": str(self.folder / "local"),
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [Path(found.origin).parent / "bin" / "spark-class", *command],
                env={**os.environ, **own, **self.environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # its executors are ended with it
                start_new_session=True,
            )

    def _until_said(self, name: str, words: str, process: subprocess.Popen[bytes]) -> None:
        ends = time.monotonic() + _SECONDS
        while words not in (said := (self.folder / f"{name}.log").read_text("utf-8", "replace")):
            if process.poll() is not None or time.monotonic() > ends:
                message = f"Spark's {name} does not come up: {said[-1000:]}"
                raise BenchError(message)
            time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process of the cluster with all that it has started."""
    for each in [*processes_of(process.pid), process.pid]:
        try:
            os.kill(each, signal.SIGKILL)
        except ProcessLookupError:
            # it has ended meanwhile
            continue
    process.wait()


def processes_of(parent: int) -> list[int]:
    """The processes that a process has started, and those that these have, the youngest first."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # the name stands in parentheses, and may have any character
            fields = status.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found, waiting = list[int](), [parent]
    while waiting:
        waiting += children.get(waiting[0], [])
        found.append(waiting.pop(0))
    return found[:0:-1]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((_LOOPBACK, 0))
        return int(free.getsockname()[1])

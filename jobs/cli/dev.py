"""`obs dev`: Dagster's UI and daemon, and MLflow's UI, on loopback, until Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Self

import typer

from jobs.cli.console import ERRORS, OUTPUT
from jobs.cli.failure import FAILED, UsageError
from obs_dagster.errors import ObsError
from obs_dagster.telemetry.logs import tell_all
from obs_dagster.telemetry.logs.colour import wants_colour

if TYPE_CHECKING:
    from obs_dagster.settings import Settings

_HOST = "127.0.0.1"
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_TEAMS_WORKSPACE = Path("workspace.yaml")
_PATIENCE = 15.0
"""Seconds that a program has to end by itself, at each signal."""


def dev(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The Dagster UI's port.")] = 3000,
    mlflow_port: Annotated[int, typer.Option(min=1, max=65535, help="The MLflow UI's port.")] = 5000,
) -> None:
    """Start the Dagster UI, its daemon and the MLflow UI on loopback; Ctrl-C stops them all."""
    from jobs.instance import open_instance
    from jobs.lost_runs import fail_lost_runs
    from obs_dagster.mlflow_reach.database import make_ready
    from obs_dagster.settings import Settings

    tell_all()
    settings = Settings()
    served = not settings.mlflow_uri.startswith(("http://", "https://"))
    ports = [port, mlflow_port] if served else [port]
    if len(set(ports)) < len(ports):
        raise UsageError(f"Both UIs cannot have port {port}.", remedy="Give --mlflow-port another one.")
    for each in ports:
        _require_free(each)
    with open_instance(settings) as instance:
        for lost in fail_lost_runs(instance, settings):
            told = f"Run {lost.run_id} of {lost.model} had lost its process, and has failed now."
            ERRORS.print(told, markup=False, highlight=False)
    if served:
        make_ready(settings.mlflow_uri)
    os.environ |= {"OBS_HOME": str(settings.root), "MLFLOW_TRACKING_URI": settings.mlflow_uri}
    # from here on both signals end the program by way of its cleanup, also where a shell had one ignored
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, _interrupt)
    try:
        with ExitStack() as stack:
            dagster = _Program("Dagster", _dagster(settings, port), f"http://{_HOST}:{port}")
            programs = [stack.enter_context(dagster)]
            if served:
                mlflow = _Program("MLflow", _mlflow(settings, mlflow_port), f"http://{_HOST}:{mlflow_port}")
                programs.append(stack.enter_context(mlflow))
            _watch(programs)
    except KeyboardInterrupt:
        ERRORS.print("Stopped.")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise ObsError(
                f"Port {port} on {_HOST} cannot be used: {error.strerror}.",
                remedy="Stop what listens there, or choose others with --port and --mlflow-port.",
            ) from error


def _dagster(settings: Settings, port: int) -> list[str]:
    from jobs.code_location import write_workspace

    # of two locations of one name Dagster takes the last
    files = [write_workspace(settings.dagster_home), *(file for file in [_TEAMS_WORKSPACE] if file.exists())]
    workspaces = [argument for file in files for argument in ("-w", str(file))]
    # keys are those of our own lines
    lines = [] if sys.stderr.isatty() else ["--log-format", "json"]
    return [sys.executable, "-m", "dagster", "dev", *workspaces, "-h", _HOST, "-p", str(port), *lines]


def _mlflow(settings: Settings, port: int) -> list[str]:
    from obs_dagster.mlflow_reach.place import beside_sqlite

    artifacts = beside_sqlite(settings.mlflow_uri)
    return [
        *(sys.executable, "-m", "mlflow", "server", "--host", _HOST, "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", settings.mlflow_uri),
        *(("--default-artifact-root", artifacts) if artifacts else ()),
    ]


@dataclass(slots=True)
class _Program:
    """A program with everything that it starts, as one process group."""

    name: str
    command: Sequence[str]
    url: str
    process: subprocess.Popen[bytes] | None = None
    answered: bool = False

    def __enter__(self) -> Self:
        if wants_colour(sys.stderr):
            self.process = subprocess.Popen(self.command, start_new_session=True)  # noqa: S603  our own interpreter
            return self
        # Dagster's log is in colour wherever it goes
        self.process = subprocess.Popen(  # noqa: S603  as above
            self.command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        threading.Thread(target=_pass_on, args=(self.process.stdout,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if not self._signal(name):
                return
            until = time.monotonic() + _PATIENCE
            while time.monotonic() < until and self._signal(0):
                time.sleep(0.1)

    def _signal(self, name: int) -> bool:
        """Send a signal to the whole group; returns whether there was anyone left."""
        if self.process is None:
            return False
        # a child that has ended counts as a member of its group until it is waited for
        self.process.poll()
        try:
            os.killpg(self.process.pid, name)
        except ProcessLookupError:
            return False
        return True

    @property
    def ended(self) -> bool:
        """Whether the program is gone."""
        return self.process is not None and self.process.poll() is not None

    def answers(self) -> bool:
        """Whether its page can be opened."""
        try:
            with urllib.request.urlopen(self.url, timeout=2):  # noqa: S310  an http URL of our own
                return True
        except (urllib.error.URLError, OSError):
            return False


def _pass_on(said: IO[bytes]) -> None:
    """Pass on what a program says, without its colours."""
    for line in said:
        # once nobody reads it any more, the program must not wait for that
        with suppress(OSError, ValueError):
            sys.stderr.write(_ESCAPES.sub("", line.decode(errors="replace")))
            sys.stderr.flush()


def _watch(programs: Sequence[_Program]) -> None:
    """Tell when each program answers; wait until one is gone.

    Raises:
        typer.Exit: one ended by itself.
    """
    while True:
        for program in programs:
            if program.ended:
                ERRORS.print(f"{program.name} ended by itself; stopping.", style="bold red")
                raise typer.Exit(FAILED)
            if not program.answered and program.answers():
                program.answered = True
                OUTPUT.print(f"{program.name}: {program.url}")
                if all(each.answered for each in programs):
                    OUTPUT.print("Ctrl-C stops everything.")
        time.sleep(0.5)

"""The services of `deploy/compose.yaml` as processes: same programs and settings, no container.

What a container engine would do is done here: variables are filled in, a service's name leads to it,
and a volume is a folder. Nothing else is changed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.servers import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
PORTS = {"postgres": 5432, "mlflow": 5000, "dagster-webserver": 3000, "proxy": 8080, "metrics": 9464}
"""What each service listens on inside of its container."""
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@dataclass
class Composed:
    """The sample's services.

    Attributes:
        root: where volumes are, and what each service says.
        variables: that a user sets before `docker compose up`.
        ports: of loopback, by service.
        folders: of this machine, by their paths in a container.
    """

    root: Path
    variables: Mapping[str, str]
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in PORTS})
    folders: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())[
            "services"
        ]
        for service in self.services.values():
            for volume in service.get("volumes", ()):
                self._mount(str(volume))

    def _mount(self, volume: str) -> None:
        source, target, *_ = self.filled(volume).split(":")
        given = (DEPLOY / source) if source.startswith(".") else Path(source)
        place = self.folders.setdefault(target, self.root / target.strip("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        if given.is_file():
            place.write_text(self.here(given.read_text()))
        elif given.is_absolute() and given.is_dir() and not source.startswith("."):
            self.folders[target] = given
        else:
            place.mkdir(exist_ok=True)

    def filled(self, text: str) -> str:
        """A text of the file with the user's variables in it; a KeyError if one must be set and is not."""

        def value(found: re.Match[str]) -> str:
            name, kind, default = found.groups()
            return self.variables.get(name) or default if kind == "-" else self.variables[name]

        return _VARIABLE.sub(value, text)

    def here(self, text: str) -> str:
        """A text of a container, with what it names where it is on this machine."""
        for name, port in PORTS.items():
            text = re.sub(rf"(?<![\w.-]){name}:{port}\b", f"127.0.0.1:{self.ports[name]}", text)
            text = text.replace(f"@{name}/", f"@127.0.0.1:{self.ports[name]}/")
        for target, folder in sorted(self.folders.items(), reverse=True):
            text = re.sub(rf"(?<![\w.]){re.escape(target)}(?![\w-])", str(folder), text)
        return text.replace("0.0.0.0", "127.0.0.1")  # noqa: S104  of a container

    def environment(self, service: str) -> dict[str, str]:
        """The variables of a service's process."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        given: dict[str, Any] = self.services[service].get("environment", {})
        said = {name: self.here(self.filled(str(value))) for name, value in given.items()}
        if said.get("DAGSTER_PG_HOST") == "postgres":
            said |= {"DAGSTER_PG_HOST": "127.0.0.1", "DAGSTER_PG_PORT": str(self.ports["postgres"])}
        # a program of the image is a program of this environment
        return kept | said | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"}

    def command(self, service: str) -> list[str]:
        """What a service runs, on the port that it has here."""
        words = [self.here(self.filled(word)) for word in self.services[service]["command"]]
        if service in self.ports:
            port, own = str(PORTS[service]), str(self.ports[service])
            words = [re.sub(rf"^((--port=)?){port}$", rf"\g<1>{own}", word) for word in words]
            if not any(own in word for word in words):
                words += ["--port", own]
        return words

    @contextmanager
    def up(self, *services: str) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
        """Run services for the block, in this order; afterwards nothing of them is left."""
        work = self.root / "app"
        work.mkdir(exist_ok=True)
        # in a checkout the module has its short name
        workspace = (DEPLOY / "workspace.yaml").read_text()
        assert "obs_dagster.jobs.definitions" in workspace
        (work / "workspace.yaml").write_text(workspace.replace("obs_dagster.jobs", "jobs"))
        with ExitStack() as stack:
            yield {name: stack.enter_context(self._process(name, work)) for name in services}

    @contextmanager
    def _process(self, service: str, work: Path) -> Iterator[subprocess.Popen[bytes]]:
        command = self.command(service)
        program = shutil.which(command[0], path=str(Path(sys.executable).parent))
        assert program, f"{command[0]} of the service {service} is not in this environment"
        with self.log(service).open("wb") as output:
            process = subprocess.Popen(
                [program, *command[1:]],
                cwd=work,
                env=self.environment(service) | {"PYTHONPATH": str(DEPLOY.parent)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            _end(process)

    def log(self, service: str) -> Path:
        """What a service has said."""
        return self.root / f"{service}.log"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + 20
        try:
            os.killpg(process.pid, number)
            while time.monotonic() < until:
                os.killpg(process.pid, 0)
                time.sleep(0.2)
        except ProcessLookupError:
            return

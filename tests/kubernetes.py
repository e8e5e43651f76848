"""What stands for a cluster of Kubernetes: its API for jobs, as documented, and who runs their programs.

A job that is posted is held against the schema of the API, and its container's program runs as a process of
this machine, with the variables that its config maps, its secrets and its own `env` name. Images, volumes and
limits are looked at by tests and have no effect.
"""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kubernetes_validate

VERSION = "1.31"
_JOBS = "/apis/batch/v1/namespaces/"


@dataclass
class Cluster:
    """A namespace.

    Attributes:
        root: where its processes run, and what each says.
        known: the contents of config maps and secrets, by name.
        jobs: those that were posted, by name.
    """

    root: Path
    known: Mapping[str, Mapping[str, str]]
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @contextmanager
    def running(self) -> Iterator[Path]:
        """Serve the API on loopback for the block; the file that clients find it by."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        file = self.root / "kubeconfig.json"
        named = {"cluster": "here", "user": "nobody"}
        file.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [
                        {"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
                    ],
                    "users": [{"name": "nobody", "user": {}}],
                    "contexts": [{"name": "here", "context": named}],
                    "current-context": "here",
                }
            )
        )
        try:
            yield file
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            for process in self.processes.values():
                process.kill()
                process.wait()

    def start(self, job: dict[str, Any]) -> None:
        """Run the program of a job's only container."""
        kubernetes_validate.validate(job, VERSION, strict=True)
        name = job["metadata"]["name"]
        (container,) = job["spec"]["template"]["spec"]["containers"]
        self.jobs[name] = job
        program, *words = [*container.get("command", ()), *container["args"]]
        with self.log(name).open("wb") as output:
            self.processes[name] = subprocess.Popen(
                [str(Path(sys.executable).with_name(program)), *words],
                cwd=self.root,
                env=self.told(container),
                stdout=output,
                stderr=output,
            )

    def told(self, container: dict[str, Any]) -> dict[str, str]:
        """The variables of a container's process."""
        found = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        for each in container.get("envFrom", ()):
            (source,) = each.values()
            found |= self.known[source["name"]]
        for each in container.get("env", ()):
            if "value" in each:
                found[each["name"]] = each["value"]
            else:
                (source,) = each["valueFrom"].values()
                found[each["name"]] = self.known[source["name"]][source["key"]]
        return found

    def status(self, name: str) -> dict[str, int]:
        """How many pods of a job run, have done it, and have failed."""
        code = self.processes[name].poll()
        return {"active" if code is None else "failed" if code else "succeeded": 1}

    def log(self, name: str) -> Path:
        """What a job's pod has said."""
        return self.root / f"{name}.log"


def _handler(cluster: Cluster) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                assert self.path.partition("?")[0].startswith(_JOBS)
                cluster.start(job)
            except Exception as error:  # noqa: BLE001  whatever it is, the client is told and the test fails
                self._answer(422, {"kind": "Status", "status": "Failure", "message": str(error)[:500]})
            else:
                self._answer(201, job)

        def do_GET(self) -> None:
            name = self.path.partition("?")[0].removesuffix("/status").rpartition("/")[2]
            if name in cluster.jobs:
                self._answer(200, cluster.jobs[name] | {"status": cluster.status(name)})
            else:
                self._answer(404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler

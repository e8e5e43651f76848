"""The sample's proxy, as a real nginx on loopback."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import free_port

DEPLOY = Path(__file__).parents[1] / "deploy"


@contextmanager
def in_front_of(server: str, folder: Path, *changes: tuple[str, str]) -> Iterator[int]:
    """Run it before a server for the block; its port.

    Args:
        server: host and port of what stands for Dagster's web server.
        folder: of the file `users`, and of what nginx writes.
        changes: texts of its configuration, and what stands there instead.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    (folder / "users").chmod(0o644)
    port = free_port()
    text = (DEPLOY / "nginx.conf").read_text()
    for before, after in (
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("/run/secrets/users;", f"{folder}/users;"),
        ("http://dagster-webserver:3000", f"http://{server}"),
        ("pid /tmp/nginx.pid;", f"pid {folder}/nginx.pid; daemon off; user root;"),
        ("/tmp/nginx-", f"{folder}/nginx-"),  # noqa: S108  in a container of its own
        *changes,
    ):
        assert before in text
        text = text.replace(before, after)
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen([program, "-c", str(folder / "nginx.conf")])
    try:
        yield port
    finally:
        process.terminate()
        process.wait()

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
def in_front_of(server: str, folder: Path, *, oauth2_proxy: str = "") -> Iterator[int]:
    """Run it before a server for the block; its port.

    Args:
        server: host and port of what stands for Dagster's web server.
        folder: of the file `users`, and of what nginx writes.
        oauth2_proxy: host and port of what knows people; left out: the file does.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    port = free_port()
    if oauth2_proxy:
        asking = _changed("sign_in/oidc.conf", ("http://oauth2-proxy:4180", f"http://{oauth2_proxy}"))
    else:
        (folder / "users").chmod(0o644)
        asking = _changed("sign_in/passwords.conf", ("/run/secrets/users;", f"{folder}/users;"))
    (folder / "sign_in.conf").write_text(asking)
    text = _changed(
        "nginx.conf",
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("/etc/nginx/sign_in.conf", f"{folder}/sign_in.conf"),
        ("http://dagster-webserver:3000", f"http://{server}"),
        ("pid /tmp/nginx.pid;", f"pid {folder}/nginx.pid; daemon off; user root;"),
        ("/tmp/nginx-", f"{folder}/nginx-"),  # noqa: S108  in a container of its own
    )
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen([program, "-c", str(folder / "nginx.conf")])
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def _changed(name: str, *changes: tuple[str, str]) -> str:
    """A file of the sample with some texts replaced."""
    text = (DEPLOY / name).read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text

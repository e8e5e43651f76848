"""A bucket of an S3 server in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.measurement import prepare

_NAME = "bench"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where objects are, and how to reach them.

    Attributes:
        url: the bucket's address.
        environ: variables with which `obs` reaches it.
        server: the server's process.
    """

    url: str
    environ: Mapping[str, str] = field(repr=False)
    server: int

    def cpu(self) -> float:
        """Seconds of CPU that the server has taken."""
        import psutil

        taken = psutil.Process(self.server).cpu_times()
        return float(taken.user + taken.system)

    def put(self, file: Path, key: str) -> None:
        """Copy a file into it."""
        prepare("upload", {"file": str(file), "address": f"{self.url}/{key}"}, dict(self.environ))


@contextmanager
def serving() -> Iterator[Bucket]:
    """A new, empty bucket, which is gone afterwards."""
    command = [sys.executable, "-m", "bench.measured.object_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = server.stdout.readline().strip() if server.stdout else ""
            urllib.request.urlopen(urllib.request.Request(f"{address}/{_NAME}", method="PUT"))  # noqa: S310  loopback
            yield Bucket(
                f"s3://{_NAME}",
                {
                    "AWS_ENDPOINT_URL": address,
                    "AWS_ACCESS_KEY_ID": "key",
                    "AWS_SECRET_ACCESS_KEY": "secret",
                    "AWS_DEFAULT_REGION": "us-east-1",
                },
                server.pid,
            )
        finally:
            server.terminate()

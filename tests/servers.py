"""Real servers on loopback: each on a port of its own, with a folder of its own, and ended at the end."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

_SECONDS = 90


def program(*names: str) -> str:
    """The path of the first of these programs that is installed; the test is skipped without any."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"{names[0]} is not installed")
    return found


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of loopback that nobody has just now."""
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def running(command: list[str], folder: Path, ready: Callable[[], object]) -> Iterator[subprocess.Popen]:
    """Run a server in a folder for the block; it is there once `ready` raises nothing.

    What it prints is in `log` of the folder, and in the failure of the test if it does not come up.
    """
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    try:
        until("it is ready", ready, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(
    what: str, asked: Callable[[], object], process=None, log: Path | None = None, seconds: float = _SECONDS
):
    """What a question gives once it raises nothing and its answer is something."""
    ends, why = time.monotonic() + seconds, None
    while time.monotonic() < ends:
        if process is not None and process.poll() is not None:
            break
        try:
            if (answer := asked()) is None or answer:
                return answer
            why = answer
        except (OSError, httpx.HTTPError, AssertionError, LookupError, ValueError) as error:
            why = error
        time.sleep(0.05)
    said = log.read_text()[-2000:] if log is not None and log.exists() else ""
    pytest.fail(f"waited in vain until {what}: {why!r}\n{said}")


def answers(url: str) -> Callable[[], None]:
    """A question that is answered once a page is there."""

    def ask() -> None:
        httpx.get(url).raise_for_status()

    return ask


def connects(port: int) -> Callable[[], None]:
    """A question that is answered once somebody listens on a port of loopback."""

    def ask() -> None:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()

    return ask


@contextmanager
def prometheus_at(folder: Path, page: str = "") -> Iterator[str]:
    """The address of a Prometheus that takes remote writes; a page is scraped now and then if it is given."""
    config = folder / "prometheus.yml"
    jobs = f"{{job_name: obs, static_configs: [{{targets: ['{page.split('/')[2]}']}}]}}" if page else ""
    config.write_text(f"global: {{scrape_interval: 3s}}\nscrape_configs: [{jobs}]\n")
    place = f"127.0.0.1:{free_port()}"
    command = [
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={place}",
        "--web.enable-remote-write-receiver",
    ]
    with running(command, folder, answers(f"http://{place}/-/ready")):
        yield f"http://{place}"


def asked(prometheus: str, query: str) -> list[dict]:
    """What a Prometheus answers to a query about now."""
    answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}).json()
    assert answer["status"] == "success", (query, answer)
    return answer["data"]["result"]

"""`obs dev` as one program: ports, and programs that end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from urllib.parse import quote

import pytest
import typer

from jobs.cli.dev import _Program, _watch


def test_a_port_in_use_is_named(home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = home.obs("dev", "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "--mlflow-port" in done.stderr


def test_two_uis_need_two_ports(home):
    assert home.obs("dev", "--port", "4711", "--mlflow-port", "4711").returncode == 2


def test_if_one_program_ends_the_whole_group_of_the_other_is_stopped():
    # the shell's child would outlive it if only the shell were stopped
    lasting = _Program("lasting", ["sh", "-c", "sleep 600 & wait"], "http://127.0.0.1:9")
    brief = _Program("brief", [sys.executable, "-c", ""], "http://127.0.0.1:9")
    with lasting, brief, pytest.raises(typer.Exit) as ended:
        _watch([lasting, brief])
    group = lasting.process.pid
    assert ended.value.exit_code == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


@pytest.fixture
def teams_code(home):
    """Where `obs dev` starts: a code location of a team's own, with packages named like ours."""
    for package in ("assets", "jobs"):
        (home.root / package).mkdir()
        (home.root / package / "__init__.py").write_text("OWNER = 'team:theirs'\n")
    location = (
        "import assets, dagster, jobs\nassert assets.OWNER == jobs.OWNER\ndefs = dagster.Definitions()\n"
    )
    (home.root / "location.py").write_text(location)
    python_file = {"relative_path": "location.py", "location_name": "theirs"}
    (home.root / "workspace.yaml").write_text(json.dumps({"load_from": [{"python_file": python_file}]}))


def _locations(port):
    """The code locations in Dagster's UI, and what each was loaded as."""
    entries = "name locationOrLoadError { __typename ... on PythonError { message } }"
    query = f"{{ workspaceOrError {{ ... on Workspace {{ locationEntries {{ {entries} }} }} }} }}"
    with urllib.request.urlopen(
        f"http://127.0.0.1:{port}/graphql?query={quote(query)}", timeout=60
    ) as answer:
        found = json.load(answer)["data"]["workspaceOrError"]["locationEntries"]
    return {entry["name"]: entry["locationOrLoadError"] for entry in found}


@pytest.mark.usefixtures("teams_code")
def test_both_uis_answer_and_one_signal_stops_them(home):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [str(each.getsockname()[1]) for each in (one, other)]
    log = home.root / "dev.log"
    started = subprocess.Popen(
        home.command("dev", "--port", ports[0], "--mlflow-port", ports[1]),
        env=home.environ | {"PYTHONUNBUFFERED": "1"},
        cwd=home.root,
        stdout=subprocess.PIPE,
        stderr=log.open("w"),
        text=True,
    )
    # a program that never answers must not hang the suite
    patience = threading.Timer(120, started.kill)
    patience.start()
    try:
        printed = ""
        for line in started.stdout:
            printed += line
            if "Ctrl-C" in line:
                break
        assert all(f"http://127.0.0.1:{port}" in printed for port in ports)
        loaded = {"__typename": "RepositoryLocation"}
        assert _locations(ports[0]) == dict.fromkeys(["obs-dagster", "theirs"], loaded)
        started.send_signal(signal.SIGTERM)
        started.stdout.read()
        assert started.wait() == 0
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        served = next(line for line in lines if line["logger"] == "dagster-webserver")
        assert (served["level"], served["event"][:7]) == ("info", "Serving")
        assert " - dagster" not in log.read_text()
    finally:
        patience.cancel()
        started.stdout.close()
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port)))

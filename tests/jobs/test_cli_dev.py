"""`obs dev` as one program: ports, and programs that end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading

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


def test_both_uis_answer_and_one_signal_stops_them(home):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [str(each.getsockname()[1]) for each in (one, other)]
    started = subprocess.Popen(
        home.command("dev", "--port", ports[0], "--mlflow-port", ports[1]),
        env=home.environ | {"PYTHONUNBUFFERED": "1"},
        cwd=home.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
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
        started.send_signal(signal.SIGTERM)
        started.stdout.read()
        assert started.wait() == 0
    finally:
        patience.cancel()
        started.stdout.close()
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port)))

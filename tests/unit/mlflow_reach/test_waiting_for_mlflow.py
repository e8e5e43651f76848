"""Whether anything answers where MLflow should be."""

import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from obs_dagster.mlflow_reach.waiting import limit_waiting, no_answer


@pytest.fixture
def server():
    class Failing(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(500)

        def log_message(self, *_):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Failing) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield f"http://reader:hush@127.0.0.1:{found.server_address[1]}"
        found.shutdown()
        thread.join()


def test_whatever_a_server_says_is_an_answer(server):
    assert no_answer(server) == ""


@pytest.mark.parametrize("uri", ["sqlite:////x/mlflow.db", "/x/mlruns", "file:///x/mlruns"])
def test_files_need_no_answer(uri):
    assert no_answer(uri) == ""


def test_a_closed_port_and_a_server_that_hangs_do_not_answer(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "0.2")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert "nothing within 0.2 seconds" in no_answer(f"http://127.0.0.1:{port}")
    assert "refused" in no_answer(f"http://127.0.0.1:{port}")


def test_limits_of_the_environment_are_kept(monkeypatch):
    monkeypatch.setattr(os, "environ", {"MLFLOW_HTTP_REQUEST_TIMEOUT": "7"})
    limit_waiting()
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "7"
    assert int(os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"]) < 5

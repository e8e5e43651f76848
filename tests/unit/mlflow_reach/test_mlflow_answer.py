"""What answers at a tracking URI is asked what MLflow is asked."""

import http.server
import socket
import threading
from contextlib import contextmanager

import pytest

from obs_dagster.mlflow_reach.answer import require_mlflow
from obs_dagster.mlflow_reach.error import MlflowUnavailable


@contextmanager
def serving(status, body, **headers):
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers.get("Authorization")))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    "body", ["{}", '{"experiments": []}', '{"experiments": [{}], "next_page_token": "x"}']
)
def test_an_mlflow_is_one_and_gets_the_login(body):
    with serving(200, body) as (port, asked):
        require_mlflow(f"http://me:open%40sesame@127.0.0.1:{port}/prefix/")
    ((path, login),) = asked
    assert path == "/prefix/api/2.0/mlflow/experiments/search"
    assert login == "Basic bWU6b3BlbkBzZXNhbWU="


@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        (500, "broken", {}, "it says 500"),
        (401, "", {}, "it says 401"),
        (200, "<html>Login</html>", {"Content_Type": "text/html; charset=utf-8"}, "text/html"),
        (200, "", {}, "JSON"),
        (200, '{"error": "no"}', {}, "not that of the tracking API"),
        (200, "[]", {}, "not that of the tracking API"),
        (302, "", {"Location": "https://login.example/sign-in?secret=1"}, "redirects to login.example"),
        (404, "not found", {}, "it says 404"),
    ],
)
def test_anything_else_is_said_to_be_what_it_is(status, body, headers, said):
    with serving(status, body, **headers) as (port, _), pytest.raises(MlflowUnavailable) as caught:
        require_mlflow(f"http://me:opensesame@127.0.0.1:{port}")
    assert said in caught.value.message
    assert "opensesame" not in str(caught.value)


def test_a_server_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr("obs_dagster.mlflow_reach.answer._ANSWER_SECONDS", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(MlflowUnavailable, match="does not answer"),
    ):
        require_mlflow(f"http://127.0.0.1:{silent.getsockname()[1]}")


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "postgresql+psycopg2://me:opensesame@127.0.0.1:9/x"])
def test_nothing_that_listens_is_said_at_once(uri):
    with pytest.raises(MlflowUnavailable, match="does not answer") as caught:
        require_mlflow(uri)
    assert "opensesame" not in str(caught.value)

"""The sample's proxy, with a real nginx: who is not known sees nothing, and Dagster gets what it needs."""

import base64
import http.client
import http.server
import re
import threading
import time

import pytest
import yaml

from tests.nginx import DEPLOY, in_front_of


@pytest.fixture
def behind():
    """A server that stands for Dagster's; it keeps the headers that it was asked with."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers)
            self.send_response(200)
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"dagster")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, seen
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def proxy(tmp_path, behind):
    (tmp_path / "users").write_text("ann:{PLAIN}hunter2\n")
    with in_front_of(f"127.0.0.1:{behind[0]}", tmp_path) as port:
        yield port


def asked(port, **headers):
    for _ in range(100):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/runs", headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except ConnectionRefusedError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("nginx does not listen")


def test_who_is_not_known_sees_nothing(proxy, behind):
    def login(text):
        return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}

    assert asked(proxy)[0] == 401
    assert asked(proxy, **login("ann:wrong"))[0] == 401
    assert behind[1] == []
    assert asked(proxy, **login("ann:hunter2")) == (200, b"dagster")
    sent = login("ann:hunter2") | {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "X-Forwarded-User": "root",
    }
    assert asked(proxy, **sent)[0] == 200
    _, upgraded = behind[1]
    assert upgraded["X-Forwarded-User"] == "ann", "nobody says who he is but the proxy"
    assert upgraded["Authorization"] is None
    assert (upgraded["Upgrade"], upgraded["Connection"]) == ("websocket", "upgrade")


def test_nothing_is_published_that_does_not_ask():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    published = {name: each["ports"] for name, each in services.items() if each.get("ports")}
    assert set(published) == {"proxy", "mlflow", "metrics"}
    assert all(re.match(r"127\.0\.0\.1:", port) for ports in published.values() for port in ports)
    assert "--app-name=basic-auth" in services["mlflow"]["command"]

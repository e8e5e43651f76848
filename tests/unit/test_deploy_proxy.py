"""The sample's proxy, with a real nginx: who is not known sees nothing, and Dagster gets what it needs."""

import base64
import contextlib
import http.client
import http.server
import re
import threading
import time

import pytest
import yaml

from tests.nginx import DEPLOY, in_front_of


@contextlib.contextmanager
def serving(answer):
    """A server of GET requests; `answer` writes to each, and headers are kept."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers)
            status, headers, body = answer(self.path, self.headers)
            self.send_response(status)
            for name, value in (*headers, ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def behind():
    """A server that stands for Dagster's."""
    with serving(lambda *_: (200, (), b"dagster")) as server:
        yield server


def oauth2_proxy(path, headers):
    """What oauth2-proxy answers by its documentation: whether there is a session, and where one begins."""
    if path == "/oauth2/auth":
        if "session=ann" in headers.get("Cookie", ""):
            known = (("X-Auth-Request-User", "ann"), ("X-Auth-Request-Email", "ann@example.com"))
            return 202, (*known, ("Set-Cookie", "session=ann-renewed")), b""
        return 401, (), b"Unauthorized"
    return 302, (("Location", f"https://login.example.com/authorize?from={path}"),), b""


@pytest.fixture
def proxy(tmp_path, behind):
    (tmp_path / "users").write_text("ann:{PLAIN}hunter2\n")
    with in_front_of(f"127.0.0.1:{behind[0]}", tmp_path) as port:
        yield port


def answered(port, path="/runs", **headers):
    for _ in range(100):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except ConnectionRefusedError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("nginx does not listen")


def asked(port, **headers):
    status, _, body = answered(port, **headers)
    return status, body


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


def test_who_has_no_session_is_sent_to_the_provider(tmp_path, behind):
    with (
        serving(oauth2_proxy) as (asked_port, questions),
        in_front_of(f"127.0.0.1:{behind[0]}", tmp_path, oauth2_proxy=f"127.0.0.1:{asked_port}") as port,
    ):
        status, headers, _ = answered(port, "/runs?from=mail")
        assert (status, headers["Location"]) == (302, "/oauth2/start?rd=/runs?from=mail")
        status, headers, _ = answered(port, "/oauth2/start?rd=/runs")
        assert (status, headers["Location"].split("?")[0]) == (302, "https://login.example.com/authorize")
        assert answered(port, "/oauth2/auth")[0] == 404, "that is for the proxy to ask"
        assert behind[1] == []
        sent = {"Cookie": "session=ann", "X-Forwarded-User": "root", "Authorization": "Bearer x"}
        status, headers, body = answered(port, **sent)
        assert (status, body, headers["Set-Cookie"]) == (200, b"dagster", "session=ann-renewed")
        (seen,) = behind[1]
        assert (seen["X-Forwarded-User"], seen["Authorization"]) == ("ann@example.com", None)
        assert questions[-1]["X-Forwarded-Uri"] == "/runs"


def test_the_provider_needs_what_its_file_says():
    text = (DEPLOY / "compose.oidc.yaml").read_text()
    added = yaml.safe_load(text)
    base = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert set(added["services"]) - set(base["services"]) == {"oauth2-proxy"}
    assert "ports" not in added["services"]["oauth2-proxy"], "only the proxy reaches it"
    (mounted,) = added["services"]["proxy"]["volumes"]
    replaced = [
        each for each in base["services"]["proxy"]["volumes"] if each.split(":")[1] == mounted.split(":")[1]
    ]
    assert replaced == ["./sign_in/passwords.conf:/etc/nginx/sign_in.conf:ro"]
    needed = set(re.findall(r"\$\{(\w+):\?", text))
    assert needed == set(re.findall(r"^#   (OBS_\w+) ", text, re.MULTILINE))


def test_nothing_is_published_that_does_not_ask():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    published = {name: each["ports"] for name, each in services.items() if each.get("ports")}
    assert set(published) == {"proxy", "mlflow", "metrics"}
    assert all(re.match(r"127\.0\.0\.1:", port) for ports in published.values() for port in ports)
    assert "--app-name=basic-auth" in services["mlflow"]["command"]

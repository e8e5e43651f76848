"""Whether the URLs of channels are refused that nothing could be sent to."""

from __future__ import annotations

import json
import socket

import pytest

from jobs.cli.routes import readable_routes, routes
from obs_dagster.catalogue import monitor_of


def _with_routes(home, *urls):
    file = home.monitors / "loan_default.yaml"
    text = file.read_text()
    listed = "".join(f"  - {{url: {json.dumps(url)}}}\n" for url in urls)
    file.write_text(f"{text[: text.index('routes:')]}routes:\n{listed}")
    return file


@pytest.fixture
def found(home, monkeypatch):
    """The finding of one route, with a variable `SECRET` in it perhaps."""

    def look(url, secret="", looks=readable_routes):
        monkeypatch.setenv("OBS_HOME", str(home.root))
        monkeypatch.setenv("SECRET", secret)
        (finding,) = looks(monitor_of(_with_routes(home, url)))
        assert not secret or secret not in finding.detail
        return finding.status, finding.detail

    return look


@pytest.mark.parametrize(
    "url",
    ["log://", "LOG://", "json://hooks.example.com/x", "mailto://a:${SECRET}@example.com", "Slack://a/b/c"],
)
def test_a_url_that_its_channel_can_read_is_fine(found, url):
    assert found(url, "s3cr3t-value")[0] == "ok"


def test_an_unknown_scheme_is_refused_with_the_nearest(found):
    status, detail = found("slak://${SECRET}/b/c", "s3cr3t-value")
    assert status == "fail"
    assert "there is no channel 'slak'. Did you mean 'slack'?" in detail


@pytest.mark.parametrize("url", ["slack://", "json://", "mailto://", "discord://only-half"])
def test_a_url_that_lacks_what_its_channel_needs_is_refused(found, url):
    status, detail = found(url)
    assert status == "fail"
    assert "cannot be used with the rest of this URL" in detail


@pytest.mark.parametrize("value", ["s3cr3t-value", "s3cr3t-value://x", "s3cr3t-value:/x"])
def test_a_variable_without_a_url_is_refused_and_not_quoted(found, value):
    status, detail = found("${SECRET}", value)
    assert status == "fail"
    assert "does not begin with the scheme of a channel" in detail


def test_only_doctor_asks_whether_the_host_answers(found):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"json://127.0.0.1:{server.getsockname()[1]}"
        assert found(url, looks=routes) == ("ok", found(url)[1])
    assert found(url)[0] == "ok"
    status, detail = found(url, looks=routes)
    assert status == "fail"
    assert "does not answer" in detail


def test_check_names_every_bad_route_and_fails(with_days):
    _with_routes(with_days, "slak://a/b/c", "log://", "json://")
    done = with_days.obs("check", "--format", "json")
    statuses = [each["status"] for each in json.loads(done.stdout) if each["what"] == "route"]
    assert statuses == ["fail", "ok", "fail"]
    assert done.returncode == 1

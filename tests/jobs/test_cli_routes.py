"""Whether the URLs of channels are refused that nothing could be sent to."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket

import pytest
from typer.testing import CliRunner

from jobs.cli.app import app
from jobs.cli.routes import readable_routes, routes
from obs_dagster.alerts import deliver, report_failure
from obs_dagster.catalogue import monitor_of
from obs_dagster.history import History
from obs_dagster.monitor import Route
from obs_dagster.settings import Settings


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


@pytest.fixture
def tree(home, monkeypatch):
    """A monitor whose routes are a tree, and the command line in this process."""
    file = home.monitors / "loan_default.yaml"
    text = file.read_text()
    written = [
        {
            "url": "slack-bot://${SECRET}/C1",
            "routes": [
                {"url": "pagerduty-events://${SECRET}", "severities": ["critical"], "hours": "22:00-06:00"}
            ],
        },
    ]
    file.write_text(f"{text[: text.index('routes:')]}routes: {json.dumps(written)}\n")
    for name, value in {
        "OBS_HOME": home.root,
        "OBS_MONITORS": home.monitors,
        "SECRET": "planted-value",
    }.items():
        monkeypatch.setenv(name, str(value))

    def run(*args):
        done = CliRunner().invoke(app, ["alerts", *args, "--format", "json"])
        assert "planted" not in done.output
        return done.exit_code, json.loads(done.stdout) if done.exit_code == 0 else done.output

    return run


@pytest.mark.parametrize(
    ("about", "found"),
    [
        (("--at", "03:00"), {"channel": "pagerduty-events://…", "route": "routes[0].routes[0]"}),
        (("--at", "2024-03-04 12:00"), {"channel": "slack-bot://…", "route": "routes[0]"}),
        (("--at", "03:00", "--severity", "info"), {"channel": "slack-bot://…", "route": "routes[0]"}),
    ],
)
def test_where_an_alert_would_go_is_shown(tree, about, found):
    assert tree("routes", "loan_default", *about) == (0, [found])


@pytest.mark.parametrize("about", [("--severity", "critcal"), ("--at", "noon"), ("--label", "team")])
def test_what_no_alert_is_like_is_a_mistake_of_the_command_line(tree, about):
    code, _ = tree("routes", "loan_default", *about)
    assert code != 0


def test_what_waits_is_listed_with_why_and_when_it_is_tried_again(tree):
    assert tree("undelivered") == (0, [])
    now = dt.datetime(2024, 3, 5, 6, tzinfo=dt.UTC)

    def down(_url, _message, _thread):
        raise OSError("refused planted-value")

    with History.open(Settings().history_url) as history:
        about = {"run_id": "r", "partition": "2024-03-04", "error": "x", "owner": ""}
        report_failure(history, model="loan_default", now=now, **about)
        routes = {"loan_default": [Route(url="slack-bot://${SECRET}/C1")]}
        deliver(history, routes, environ=os.environ, clock=lambda: now, sender=down)
    _, [waiting] = tree("undelivered")
    assert (waiting["label"], waiting["attempts"]) == ("slack-bot://…", 1)
    assert waiting["last_error"] == "refused ***"
    assert waiting["next_attempt_at"] == "2024-03-05T06:00:30+00:00"

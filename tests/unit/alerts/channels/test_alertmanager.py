"""Against the real Alertmanager, where it is installed."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from obs_dagster.alerts.channels.alertmanager import CHANNEL, RENEWED, Alertmanager, labels_of
from obs_dagster.alerts.channels.alertmanager_silences import silenced
from obs_dagster.alerts.channels.thread import Thread

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    if PROGRAM is None:
        pytest.skip("Alertmanager is not installed")
    folder = tmp_path_factory.mktemp("alertmanager")
    config = folder / "config.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = [f"--config.file={config}", f"--storage.path={folder}", "--cluster.listen-address="]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [PROGRAM, *options, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                httpx.get(f"{url}/-/ready").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield url
        process.terminate()
        process.wait()


def alerts(server: str, thread: str) -> list[dict]:
    found = httpx.get(f"{server}/api/v2/alerts", params={"filter": f'thread="{thread}"'}).json()
    return sorted(found, key=lambda each: each["labels"]["severity"])


def test_an_alert_fires_until_the_night_after_next_and_ends_when_it_is_over(server, firing, resolved):
    firing, resolved = (replace(each, thread="life") for each in (firing, resolved))
    taken = CHANNEL.talk(f"alertmanager+{server}", firing, Thread())
    assert taken.renew_in == RENEWED
    [alert] = alerts(server, "life")
    assert alert["status"]["state"] in ("active", "unprocessed")
    assert alert["labels"] == labels_of(firing) | {"severity": "critical"}
    assert alert["labels"]["segment"] == firing.details["segment"]
    assert alert["annotations"]["summary"] == firing.title
    assert alert["startsAt"].startswith("2013-07-01T00:00:00")
    ahead = dt.datetime.fromisoformat(alert["endsAt"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(hours=35) < ahead <= dt.timedelta(hours=36)
    assert CHANNEL.talk(f"alertmanager+{server}", resolved, Thread(taken.names)).renew_in is None
    assert alerts(server, "life") == []


def test_an_alert_that_got_worse_is_one_alert(server, firing):
    warning = replace(firing, thread="worse", severity="warning")
    names = CHANNEL.talk(f"alertmanager+{server}", warning, Thread()).names
    # another alert of the same incident: what it is called stays
    worse = replace(warning, severity="critical", event="updated", details={"rule": "other"})
    names = CHANNEL.talk(f"alertmanager+{server}", worse, Thread(names)).names
    [alert] = alerts(server, "worse")
    assert (alert["labels"]["severity"], alert["labels"]["alertname"]) == ("critical", "recall_low")
    CHANNEL.talk(f"alertmanager+{server}", replace(worse, event="resolved"), Thread(names))
    assert alerts(server, "worse") == []


def test_what_ends_while_others_fire_is_news_and_not_what_the_alert_says(server, firing):
    first = replace(firing, thread="parts")
    names = CHANNEL.talk(f"alertmanager+{server}", first, Thread()).names
    part = replace(first, event="updated", title="[resolved] one part", details={"event": "resolved"})
    CHANNEL.talk(f"alertmanager+{server}", part, Thread(names))
    [alert] = alerts(server, "parts")
    said = alert["annotations"]
    assert (said["summary"], said["news"]) == (firing.title, "[resolved] one part")


def test_an_alert_whose_end_is_never_told_ends_by_itself(server, firing):
    failed = replace(firing, thread="failed", ends=False)
    assert CHANNEL.talk(f"alertmanager+{server}", failed, Thread()).renew_in is None


def test_labels_have_names_that_alertmanager_takes(server, firing):
    odd = replace(firing, thread="odd", labels={"cost-centre": "7", "9lives": "no", "team": ""})
    CHANNEL.talk(f"alertmanager+{server}", odd, Thread())
    [alert] = alerts(server, "odd")
    assert alert["labels"]["cost_centre"] == "7"
    assert not {"9lives", "team"} & alert["labels"].keys()


def test_what_is_silenced_there_can_be_read_back(server, firing):
    CHANNEL.talk(f"alertmanager+{server}", replace(firing, thread="quiet"), Thread())
    now = dt.datetime.now(dt.UTC)
    silence = {
        "matchers": [{"name": "thread", "value": "quiet", "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + dt.timedelta(hours=2)).isoformat(),
        "createdBy": "ann",
        "comment": "known, see the release notes",
    }
    id_ = httpx.post(f"{server}/api/v2/silences", json=silence).raise_for_status().json()["silenceID"]
    found = {each.thread: each for each in silenced(f"alertmanager+{server}")}
    quiet = found["quiet"]
    assert (quiet.id, quiet.author, quiet.comment) == (id_, "ann", "known, see the release notes")
    assert abs(quiet.until - now - dt.timedelta(hours=2)) < dt.timedelta(seconds=1)
    httpx.delete(f"{server}/api/v2/silence/{id_}").raise_for_status()
    assert "quiet" not in {each.thread for each in silenced(f"alertmanager+{server}")}


def test_the_time_that_an_alert_is_held_can_be_set(service, firing):
    noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    Alertmanager(clock=lambda: noon).send(f"alertmanager+{service.url}/prefix#hold=12h", firing)
    [asked] = service.asked
    assert asked.path == "/prefix/api/v2/alerts"
    assert asked.json[0]["endsAt"] == "2026-01-02T00:00:00+00:00"
    assert "hours, such as 36h" in CHANNEL.problem("alertmanager+http://h:9093#hold=soon")

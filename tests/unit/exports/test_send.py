"""Every place is told once of what changes, in bounded time, whatever happens to the others."""

import datetime as dt
import shutil
import socket
import socketserver
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
import yaml

from jobs.cli.doctor_exports import exports
from obs_dagster.exports.configured import destinations
from obs_dagster.exports.send import LOOK, send_due
from obs_dagster.exports.told import Told, keep, told
from obs_dagster.history import History
from obs_dagster.secrets import scrub
from obs_dagster.settings import Settings
from tests.health import NOW, RECORDS, described
from tests.servers import free_port

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def carbon():
    """Takes lines as carbon does, and keeps them."""
    lines = []

    class Sink(socketserver.StreamRequestHandler):
        def handle(self):
            lines.extend(self.rfile.read().decode().splitlines())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield SimpleNamespace(url=f"graphite://127.0.0.1:{server.server_address[1]}", lines=lines)
        server.shutdown()
        thread.join()


@pytest.fixture
def world(tmp_path, filled):
    """A home with a filled store, and what sends."""
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors" / "risk.yaml").write_text(yaml.safe_dump(described("risk")))

    def settings(*urls):
        return Settings(home=tmp_path, monitors=tmp_path / "monitors", exports=", ".join(urls))

    for file in filled.settings.root.glob("history.db*"):
        shutil.copy(file, tmp_path)
    with History.open(settings().history_url) as history:

        def send(*urls, now=NOW, **options):
            return send_due(settings(*urls), history, now, **options)

        yield SimpleNamespace(send=send, history=history, settings=settings, root=tmp_path)


def errors(sent):
    return [each.error for each in sent]


def test_a_place_that_keeps_values_is_told_once_of_the_present_and_of_each_day(world, carbon):
    (sent,) = world.send(carbon.url)
    days = {each.day for each in RECORDS}
    assert (sent.error, sent.days) == ("", len(days))
    recall = [line for line in carbon.lines if line.startswith("obs_model_recall_ratio;")]
    # the last complete day of the present, then both days of the trend
    assert [line.split()[1] for line in recall] == ["0.75", "0.75", "0.1"]
    carbon.lines.clear()
    # time alone is no news
    assert world.send(carbon.url, now=NOW + MINUTE) == []
    assert carbon.lines == []


def test_a_corrected_day_is_sent_anew_and_no_other(world, carbon):
    world.send(carbon.url)
    carbon.lines.clear()
    old = RECORDS[0]
    later = NOW + MINUTE
    corrected = replace(old, value=0.8, computed_at=later)
    world.history.replace_metrics([corrected], model="risk", days=[old.day], metrics=["recall"], now=later)
    (sent,) = world.send(carbon.url, now=later)
    assert (sent.error, sent.days) == ("", 1)
    at = str(int(dt.datetime(2024, 3, 7, 23, tzinfo=dt.UTC).timestamp()))
    recall = [line.split()[1:] for line in carbon.lines if line.startswith("obs_model_recall_ratio;")]
    assert recall == [["0.8", at], ["0.8", at]]


def test_a_change_of_days_that_no_present_value_shows_is_found_within_the_hour(world, carbon):
    world.send(carbon.url)
    old = next(each for each in RECORDS if each.metric == "volume" and each.value == 499)
    world.history.replace_metrics(
        [replace(old, value=490.0, computed_at=NOW)],
        model="risk",
        days=[old.day],
        metrics=["volume"],
        now=NOW,
    )
    assert world.send(carbon.url, now=NOW + MINUTE) == []
    (sent,) = world.send(carbon.url, now=NOW + LOOK)
    assert sent.days == 1


def test_a_place_that_forgets_is_told_every_minute(world):
    place = world.root / "obs.prom"
    url = f"textfile://{place}"
    assert errors(world.send(url)) == [""]
    first = place.read_text()
    assert world.send(url, now=NOW + MINUTE / 2) == []
    assert errors(world.send(url, now=NOW + MINUTE)) == [""]
    assert place.read_text() != first
    # the end of a night does not wait for the minute
    assert errors(world.send(url, now=NOW + MINUTE, again=dt.timedelta())) == [""]


def test_dead_and_silent_places_cost_bounded_time_and_keep_no_other_from_its_samples(world, carbon):
    dead = f"redis://:hunter2@127.0.0.1:{free_port()}"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hung = f"influx+http://127.0.0.1:{silent.getsockname()[1]}/write?db=obs"
        sent = world.send(dead, hung, carbon.url, seconds=2)
    assert [bool(each.error) for each in sent] == [True, True, False]
    assert sent[1].error == "It took longer than 2 s."
    assert "hunter2" not in str(sent)
    assert carbon.lines
    # each is left alone for a while that doubles, and is tried again then
    assert world.send(dead, hung, carbon.url, now=NOW + MINUTE / 2) == []
    (again,) = world.send(dead, now=NOW + MINUTE)
    assert again.error
    assert world.send(dead, now=NOW + 2 * MINUTE) == []
    settings = world.settings(dead, carbon.url, "gopher://x")
    found = {each.what: each for each in exports(settings, NOW + 2 * MINUTE)}
    assert [each.status for each in found.values()] == ["fail", "ok", "fail"]
    assert "after 2 attempts, next 06:03 UTC" in found[dead.replace(":hunter2@", "")].detail
    assert "Its scheme is none of" in found["gopher://x"].detail


def test_what_a_place_took_before_it_was_too_late_is_not_sent_again(world, carbon, monkeypatch):
    from obs_dagster.exports.ways.graphite import Graphite

    calls, gate = [], threading.Event()
    real = Graphite.send_day

    def slow(self, url, samples, day):
        if calls:
            gate.wait(10)
        calls.append(day)
        real(self, url, samples, day)

    monkeypatch.setattr(Graphite, "send_day", slow)
    (sent,) = world.send(carbon.url, seconds=2)
    assert sent.error == "It took longer than 2 s; 1 days are done, and it goes on from there."
    gate.set()
    (place,) = destinations(world.settings(carbon.url))
    assert [*told(world.settings(), place).days["risk"]] == [str(min(each.day for each in RECORDS))]
    (rest,) = world.send(carbon.url, now=NOW + MINUTE)
    assert (rest.error, rest.days) == ("", 2)


def test_secrets_come_from_the_environment_and_one_that_is_missing_is_named(world, carbon, monkeypatch):
    monkeypatch.setenv("CARBON", carbon.url.removeprefix("graphite://"))
    assert errors(world.send("graphite://${CARBON}")) == [""]
    monkeypatch.delenv("CARBON")
    (error,) = errors(world.send("graphite://${CARBON}", everything=True))
    assert "CARBON" in error


def test_secrets_that_stand_in_the_setting_are_in_nothing_that_is_kept_or_said(world, caplog):
    port = free_port()
    urls = [f"redis://:hunter2@127.0.0.1:{port}", f"influx+http://s3cr3t-t0ken@127.0.0.1:{port}/write?db=obs"]
    sent = world.send(*urls)
    kept = "".join(each.read_text() for each in (world.root / "exports").iterdir())
    said = [str(each) for each in exports(world.settings(*urls), NOW)]
    for text in (str(sent), kept, str(said), scrub("hunter2 s3cr3t-t0ken"), caplog.text):
        assert "hunter2" not in text
        assert "s3cr3t" not in text


def test_days_that_nobody_looks_at_any_more_are_forgotten(world, carbon):
    (place,) = destinations(world.settings(carbon.url))
    long_ago = {
        (min(each.day for each in RECORDS) - dt.timedelta(days=back)).isoformat(): "" for back in (80, 200)
    }
    keep(world.settings(), place, Told(days={"risk": long_ago}))
    world.send(carbon.url)
    days = told(world.settings(), place).days["risk"]
    assert len(days) == len({each.day for each in RECORDS}) + 1


def test_a_home_that_was_lost_sends_everything_once_more(world, carbon):
    world.send(carbon.url)
    shutil.rmtree(world.root / "exports")
    assert [each.days for each in world.send(carbon.url)] == [3]

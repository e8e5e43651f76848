"""What the end of a night sends, and what the commands say of it."""

import json

from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from jobs.cli.app import app
from tests.servers import free_port

LATEST = ("--day", "latest", "--metric", "volume", "--segment", "*", "--format", "json")


def printed(home, monkeypatch, *args):
    for name, value in home.environ.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, ["metrics", *args])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_end_of_a_night_has_sent_its_values(ran, monkeypatch):
    home, _ = ran
    found = {
        (each.name, each.labels.get("column", "")): each.value
        for family in text_string_to_metric_families((home.root / "obs.prom").read_text())
        for each in family.samples
        if each.labels.get("segment", "*") == "*"
    }
    (volume,) = printed(home, monkeypatch, "loan_default", *LATEST)
    assert found["obs_model_volume_rows", ""] == volume["value"] == 400
    assert found["obs_last_night_evaluated", ""] == 1
    assert ("obs_model_psi", "debt") in found


def test_sending_says_what_each_place_took_and_the_doctor_how_it_stands(ran):
    home, _ = ran
    place, dead = f"textfile://{home.root}/sent.prom", f"graphite://127.0.0.1:{free_port()}"
    done = home.obs("metrics", "send", "--format", "json", OBS_EXPORTS=f"{place}, {dead}")
    told = {each["label"]: each for each in json.loads(done.stdout)}
    assert done.returncode == 1
    assert told[place]["samples"] > 100
    assert "cannot be reached" in told[dead]["error"]
    found = home.obs("doctor", "--format", "json", OBS_EXPORTS=f"{place}, {dead}")
    stands = {each["what"]: each["status"] for each in json.loads(found.stdout) if each["about"] == "exports"}
    assert stands == {place: "ok", dead: "fail"}


def test_without_a_place_there_is_nothing_to_send(home):
    nothing = home.obs("metrics", "send", OBS_EXPORTS="")
    assert nothing.returncode == 2
    assert "OBS_EXPORTS names no place" in nothing.stderr


def test_a_model_is_named_without_a_word_between_also_behind_options(ran, monkeypatch):
    home, _ = ran
    expected = printed(home, monkeypatch, "show", "loan_default", *LATEST)
    assert len(expected) == 1
    assert printed(home, monkeypatch, "loan_default", *LATEST) == expected
    assert printed(home, monkeypatch, *LATEST, "loan_default") == expected

"""What the end of a night sends, and what the commands say of it."""

import json

from prometheus_client.parser import text_string_to_metric_families

from tests.servers import free_port


def samples(place):
    found = {}
    for family in text_string_to_metric_families(place.read_text()):
        for each in family.samples:
            found[each.name, each.labels.get("version", ""), each.labels.get("column", "")] = each.value
    return found


def test_the_end_of_a_night_has_sent_its_values(ran):
    home, done = ran
    assert "Traceback" not in done.stderr
    found = samples(home.root / "obs.prom")
    (volume,) = json.loads(
        home.obs(
            "metrics",
            "loan_default",
            "--day",
            "latest",
            "--metric",
            "volume",
            "--segment",
            "*",
            "--format",
            "json",
        ).stdout
    )
    assert found["obs_model_volume_rows", "1", ""] == volume["value"] == 400
    assert found["obs_last_night_evaluated", "", ""] == 1
    assert ("obs_model_psi", "1", "debt") in found


def test_sending_says_what_each_place_took_and_the_doctor_how_it_stands(ran):
    home, _ = ran
    place, dead = f"textfile://{home.root}/obs.prom", f"graphite://127.0.0.1:{free_port()}"
    done = home.obs("metrics", "send", "--format", "json", OBS_EXPORTS=f"{place}, {dead}")
    told = {each["label"]: each for each in json.loads(done.stdout)}
    assert done.returncode == 1
    assert told[place]["samples"] > 100
    assert "cannot be reached" in told[dead]["error"]
    found = home.obs("doctor", "--format", "json", OBS_EXPORTS=f"{place}, {dead}")
    stands = {each["what"]: each["status"] for each in json.loads(found.stdout) if each["about"] == "exports"}
    assert stands == {place: "ok", dead: "fail"}
    nothing = home.obs("metrics", "send", OBS_EXPORTS="")
    assert nothing.returncode == 2
    assert "OBS_EXPORTS names no place" in nothing.stderr


def test_a_model_is_named_without_a_word_between_also_behind_options(ran):
    home, _ = ran
    asked = ("--metric", "volume", "--segment", "*", "--day", "latest", "--format", "csv")
    said = [
        home.obs("metrics", *order).stdout for order in (["loan_default", *asked], [*asked, "loan_default"])
    ]
    assert said[0] == said[1] == home.obs("metrics", "show", "loan_default", *asked).stdout
    assert said[0].count("\n") == 2

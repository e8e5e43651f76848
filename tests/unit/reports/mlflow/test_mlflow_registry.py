import pytest

from obs_dagster.verdict.verdict import Verdict


@pytest.fixture
def registered(client, uri, tmp_path, monkeypatch):
    """A registered version 1 whose source is a logged model, and a version 2 that has only files."""
    # The registry looks a logged model up where the environment says.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    experiment = client.create_experiment("training")
    logged = client.create_logged_model(experiment, name="booster")
    client.create_registered_model("delay")
    client.create_model_version("delay", source=f"models:/{logged.model_id}")
    client.create_model_version("delay", source=tmp_path.as_uri())
    return logged.model_id


FAILING = Verdict("1", "failing", ("recall fell to 0.05",), ())


def tags(client, version="1"):
    return client.get_model_version("delay", version).tags


def test_the_version_carries_its_current_health(report, client, registered, make_night):
    report.publish([make_night(1, registered_model="delay")])
    assert tags(client)["obs.health"] == "sound"
    report.publish([make_night(0, registered_model="delay", verdict=FAILING)])
    assert tags(client) == {
        "obs.health": "failing",
        "obs.health.day": "2013-07-21",
    }
    report.publish([make_night(1, registered_model="delay")])
    assert tags(client)["obs.health"] == "failing"


def test_the_version_s_description_begins_with_the_verdict_and_keeps_what_people_wrote(
    report, client, registered, make_night
):
    client.update_model_version("delay", "1", "Trained on **winter**.")
    report.publish([make_night(1, registered_model="delay")])
    (published,) = report.publish([make_night(0, registered_model="delay", verdict=FAILING)])
    told = client.get_model_version("delay", "1").description
    assert told.splitlines()[1] == "**Failing**: recall fell to 0.05."
    assert told.endswith("<!-- /obs-dagster -->\n\nTrained on **winter**.")
    assert f"/runs/{published.trend}" in told
    assert "Sound" not in told


def test_performance_is_shown_at_the_logged_model_once(report, client, registered, make_night):
    night = make_night(0, registered_model="delay")
    report.publish([night])
    report.publish([night])
    metrics = client.get_logged_model(registered).metrics
    assert [(metric.key, metric.value) for metric in metrics] == [("performance/7d/recall", 0.4)]


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("name", ["absent", "delay"])
@pytest.mark.parametrize("version", ["2", "7", "blue"])
def test_versions_that_the_registry_does_not_know_are_published(report, read, make_night, name, version):
    report.publish([make_night(0, version, registered_model=name)])
    assert len(read().nights(version)) == 1

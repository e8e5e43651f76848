import datetime as dt

import pytest

from obs_dagster.errors import SettingsError
from obs_dagster.links import Links
from obs_dagster.settings import Settings

DAY = dt.date(2013, 7, 21)


@pytest.fixture
def set_(monkeypatch):
    """Settings with these variables in the environment, and no others of ours."""

    def make(**variables):
        for name in ("OBS_DAGSTER_URL", "OBS_MLFLOW_URL", "OBS_REPORTS_URL", "MLFLOW_TRACKING_URI"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return Settings()

    return make


def test_what_is_not_set_is_not_linked(set_):
    links = set_(OBS_DAGSTER_URL=" ").links
    assert links == Links()
    every = [
        links.stage("m", "drift", DAY),
        links.check("m", "alerts", "recall_lost"),
        links.run("r"),
        links.experiment("1"),
        links.experiment_of("m"),
        links.mlflow_run("1", "r"),
        links.version("m", "1"),
        links.report("m", DAY),
        links.fleet(),
    ]
    assert not any(every)


def test_pages_are_below_the_place_that_is_served_whatever_names_hold(set_):
    links = set_(
        OBS_DAGSTER_URL="https://host.example:3000/dagster/",
        OBS_MLFLOW_URL="https://mlflow.example",
        OBS_REPORTS_URL="http://host.example/obs/reports",
    ).links
    assert links.stage("m", "drift", DAY) == (
        "https://host.example:3000/dagster/assets/m/drift?view=partitions&partition=2013-07-21"
    )
    assert links.check("m", "alerts", "a&b").endswith("/assets/m/alerts?view=checks&checkDetail=a%26b")
    assert links.run("1-2") == "https://host.example:3000/dagster/runs/1-2"
    assert links.experiment("7") == (
        "https://mlflow.example/#/experiments/7/runs?workflowType=machine_learning"
    )
    assert links.experiment_of("m").endswith("&experimentSearchFilter=obs%2Fm")
    assert links.version("team/m", "v 1") == (
        "https://mlflow.example/#/models/team%2Fm/versions/v%201?workflowType=machine_learning"
    )
    assert links.report("m", DAY) == "http://host.example/obs/reports/m-2013-07-21.html"


@pytest.mark.parametrize(
    ("tracking", "linked"),
    [
        ("https://mlflow.example/", "https://mlflow.example"),
        ("https://night:hush@mlflow.example", ""),
        ("sqlite:////srv/mlflow.db", ""),
        ("postgresql://host/mlflow", ""),
    ],
)
def test_a_tracking_server_is_linked_unless_its_address_holds_a_secret(set_, tracking, linked):
    assert set_(MLFLOW_TRACKING_URI=tracking).links.mlflow == linked
    assert set_(MLFLOW_TRACKING_URI=tracking, OBS_MLFLOW_URL="http://ui").links.mlflow == "http://ui"


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("OBS_DAGSTER_URL", "dagster.example:3000", "must begin with http"),
        ("OBS_DAGSTER_URL", "https://", "name a host"),
        ("OBS_MLFLOW_URL", "https://night:hush@mlflow.example", "must not hold a user or a password"),
        ("OBS_MLFLOW_URL", "http://mlflow.example/#/experiments", "without `?`, `#` and blanks"),
        ("OBS_REPORTS_URL", "http://host.example:99999", "out of range"),
        ("OBS_REPORTS_URL", "http://host example/", "blanks"),
        ("OBS_MAX_RUNTIME_SECONDS", "-1", "greater than or equal to 0"),
        ("OBS_UMASK", "9hush", "pattern"),
    ],
)
def test_a_malformed_setting_is_named_with_what_is_wrong_and_no_value(set_, variable, value, why):
    with pytest.raises(SettingsError, match=variable) as caught:
        set_(**{variable: value})
    assert why in caught.value.message
    assert "hush" not in str(caught.value)
    assert caught.value.remedy


def test_a_file_says_what_holds_a_secret(set_, tmp_path):
    url = "postgresql://night:hunter2hunter2@db.example/obs"
    (tmp_path / "url").write_text(f"{url}\n")
    assert set_(OBS_DATABASE_URL_FILE=str(tmp_path / "url")).history_url == url
    told = set_(OBS_DATABASE_URL_FILE=str(tmp_path / "url"), OBS_DATABASE_URL="sqlite:///here.db")
    assert told.history_url == "sqlite:///here.db"

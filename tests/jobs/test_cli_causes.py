"""`obs causes`, and wherever else it is told where something began."""

import csv
import io
import json
import stat

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from jobs.cli.app import app
from jobs.cli.console import ERRORS, OUTPUT
from jobs.cli.report import write_report
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.catalogue import monitor_of
from obs_dagster.history import History
from obs_dagster.history.alert_tables import OUTBOX
from tests.outages import LAST, MONITOR, OUTAGES, write_nights


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A home whose last night has an outage, as others had before."""
    home = tmp_path_factory.mktemp("home")
    (home / "monitors").mkdir()
    (home / "monitors" / "loan_default.yaml").write_text(MONITOR)
    with History.open(f"sqlite:///{home / 'history.db'}") as history:
        write_nights(history, monitor_of(home / "monitors" / "loan_default.yaml"))
    return home


@pytest.fixture
def obs(written, monkeypatch):
    """Runs a command on that home: what it printed, and its exit code."""
    for name in ("OBS_DATABASE_URL", "OBS_LAKE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OBS_HOME", str(written))
    monkeypatch.setenv("OBS_MONITORS", str(written / "monitors"))
    for console in (OUTPUT, ERRORS):
        monkeypatch.setattr(console, "_width", 300)

    def obs(*args):
        done = CliRunner().invoke(app, list(args), catch_exceptions=True)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.stdout, done.exit_code

    return obs


def test_it_is_said_where_it_began_and_what_would_have_been(obs):
    told, code = obs("causes", "loan_default")
    assert code == 0
    assert f"Performance was off on {LAST}: recall 0.3" in told
    assert "It most likely began with service health (error share 3" in told
    assert "Failed or slow requests led to data errors: " in told
    assert "Had service health been as usual" in told
    assert f"with performance off on {len(OUTAGES) - 1}." in told
    assert "nothing that is known" in told


def test_all_of_it_is_there_as_data(obs):
    [record] = json.loads(obs("causes", "loan_default", "--night", str(LAST), "--format", "json")[0])
    first = record["candidates"][0]
    assert (first["component"], first["state"]) == ("service", "off")
    assert first["began"]["low"] < first["began"]["value"] < first["began"]["high"]
    assert sum(each["began"]["value"] for each in record["candidates"]) + record["nothing_known"][
        "value"
    ] == pytest.approx(1.0)
    low, high = first["necessity"]
    assert 0 <= low <= high <= 1
    rows = list(csv.DictReader(io.StringIO(obs("causes", "loan_default", "--format", "csv")[0])))
    assert [row["component"] for row in rows] == [each["component"] for each in record["candidates"]]


def test_another_component_may_be_asked_about(obs):
    told, _ = obs("causes", "loan_default", "--of", "data_quality")
    assert f"Data quality was off on {LAST}" in told
    assert obs("causes", "loan_default", "--of", "drift")[0] == f"Nothing was off on {LAST}.\n"
    quiet = str(LAST.replace(day=1))
    assert obs("causes", "loan_default", "--night", quiet)[0] == f"Nothing was off on {quiet}.\n"


@pytest.mark.parametrize(
    "args",
    [
        ("--of", "dataquality"),
        ("--night", "2030-01-01"),
        ("--incident", "nope", "--night", "latest"),
        ("--second-opinion",),
    ],
)
def test_what_cannot_be_asked_is_said(obs, args):
    from obs_dagster.errors import ObsError

    with pytest.raises(ObsError):
        obs("causes", "loan_default", *args)


def test_an_incident_a_notification_and_a_page_say_the_same(obs, written):
    with History.open(f"sqlite:///{written / 'history.db'}") as history:
        incident = list_incidents(history, "loan_default")[0]
        with history.reading() as connection:
            sent = list(connection.execute(select(OUTBOX.c.notification).order_by(OUTBOX.c.id)).scalars())
    began = "began with service health ("
    assert began in obs("causes", "loan_default", "--incident", incident.id)[0]
    shown, _ = obs("incidents", "show", incident.id)
    assert began in " ".join(shown.split())
    [record] = json.loads(obs("incidents", "show", incident.id, "--format", "json")[0])
    assert began in " ".join(record["across_components"])
    assert began in obs("incidents", "report", incident.id)[0]
    assert f"across components: it most likely {began}" in sent[-1]["details"]["why"]
    monitor = monitor_of(written / "monitors" / "loan_default.yaml")
    page = write_report(monitor).read_text(encoding="utf-8")
    assert '<h2 id="causes">Causes across components' in page
    assert page.count(f"It most likely {began}") == 1
    assert f"across components: it most likely {began}" in page


def test_the_first_outage_is_named_without_a_probability(obs):
    first = str(LAST.fromordinal(LAST.toordinal() - (OUTAGES[-1] - OUTAGES[0])))
    told, _ = obs("causes", "loan_default", "--night", first)
    assert "service health comes first of what was off then" in told
    assert "Service health was off on no night before." in told


def test_a_second_opinion_stands_beside_it(obs, tmp_path, monkeypatch):
    python = tmp_path / "python"
    answer = '{"program": "DoWhy 0.99", "causes": {"service": {"chance": 0.75, "chance_otherwise": 0.125}}}'
    python.write_text(f"#!/bin/sh\ncat > /dev/null\necho '{answer}'\n")
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("OBS_CAUSES_PYTHON", str(python))
    told, _ = obs("causes", "loan_default", "--second-opinion")
    assert "DoWhy 0.99" in told
    assert "75 %" in told
    assert "service -> data_quality" in told
    [record] = json.loads(obs("causes", "loan_default", "--second-opinion", "--format", "json")[0])
    assert record["second_opinion"]["causes"]["service"] == {"chance": 0.75, "chance_otherwise": 0.125}


@pytest.mark.usefixtures("obs")
def test_dowhy_is_not_asked_where_there_are_no_probabilities_and_that_is_said():
    done = CliRunner().invoke(app, ["causes", "loan_default", "--night", "2024-01-03", "--second-opinion"])
    assert done.exit_code == 0
    assert "Nothing was off on 2024-01-03." in done.stdout
    assert "DoWhy was not asked" in done.stderr

"""What is silenced in Alertmanager, as commands and pages say it, and what they say when it is down."""

import datetime as dt
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from jobs.cli.app import app
from jobs.cli.console import ERRORS, OUTPUT
from jobs.cli.report import write_fleet, write_report
from obs_dagster.alerts import evaluate_rules
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.catalogue import monitor_of, readable_monitors
from obs_dagster.history import History, NightRecord
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.settings import Settings

DAY, NOW = dt.date(2024, 3, 1), dt.datetime(2024, 3, 2, tzinfo=dt.UTC)
MONITOR = """
model: loan_default
start: 2024-03-01
logs:
  source: parquet
  path: logs/{day}.parquet
  columns: {prediction_id: id, time: at, version: version, score: score}
features: {income: {type: number}}
baseline: {kind: rolling}
alerts:
  - {name: busy, metric: volume, above: 350}
routes:
  - {url: "alertmanager+http://127.0.0.1:PORT"}
"""


class _Alertmanager(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        body = self.server.answers["silences" if "/silences" in self.path else "alerts"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Stay quiet."""


@pytest.fixture
def there():
    """An Alertmanager, as far as silences go: `answers` by what is asked for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Alertmanager) as server:
        server.asked, server.answers = [], {"alerts": "[]", "silences": "[]"}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def incident(tmp_path, monkeypatch, there):
    """The id of an incident that fires, of a model whose route leads there."""
    file = tmp_path / "monitors" / "loan_default.yaml"
    file.parent.mkdir()
    file.write_text(MONITOR.replace("PORT", str(there.server_port)), encoding="utf-8")
    for name, value in {"OBS_HOME": tmp_path, "OBS_MONITORS": file.parent, "COLUMNS": 300}.items():
        monkeypatch.setenv(name, str(value))
    about = {"model": "loan_default", "version": "1", "segment": "*", "column": "", "window": 1}
    volume = {
        "metric": "volume",
        "definition": "volume/1",
        "value": 400.0,
        "low": None,
        "high": None,
        "n": 400,
    }
    record = MetricRecord(**about, **volume, day=DAY, error=0.0, reason="", computed_at=NOW, run_id="r")
    with History.open(Settings().history_url) as history:
        history.replace_metrics([record], model="loan_default", days=[DAY], metrics={"volume"})
        history.record_night(NightRecord("loan_default", DAY, True, "", 400, ("1",), "r", NOW))  # noqa: FBT003
        evaluate_rules(monitor_of(file), history, as_of=DAY, now=NOW, run_id="r")
        [found] = list_incidents(history)
    return found.id


@pytest.fixture
def silence(there, incident):
    """Silences the incident there."""
    labels = {"thread": incident, "model": "loan_default"}
    there.answers["alerts"] = json.dumps([{"labels": labels, "status": {"silencedBy": ["s1"]}}])
    at = {"startsAt": "2024-03-02T00:00:00Z", "endsAt": "2024-03-04T10:30:00Z"}
    there.answers["silences"] = json.dumps([{"id": "s1", "createdBy": "ann", "comment": "known", **at}])
    return "silenced in Alertmanager until 2024-03-04 10:30 UTC by ann (known)"


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal on which no line is broken."""
    for console in (OUTPUT, ERRORS):
        monkeypatch.setattr(console, "_width", 300)


def obs(*args):
    done = CliRunner().invoke(app, args)
    assert done.exit_code == 0, done.output
    return done


def pages(incident):
    """The health page, and the page of all models."""
    return [
        write_report(monitor_of(Settings().monitors / "loan_default.yaml")).read_text("utf-8"),
        write_fleet(readable_monitors(Settings().monitors)).read_text("utf-8"),
    ]


def test_what_is_silenced_there_is_shown_wherever_the_incident_is(incident, silence):
    for asked in (("alerts", "list"), ("incidents", "show", incident)):
        assert silence in obs(*asked).stdout
    listed = obs("alerts", "silences").stdout
    assert f"incident={incident}" in listed
    assert "2024-03-04 10:30 UTC, in Alertmanager" in listed
    health, fleet = pages(incident)
    assert silence.replace("silenced", "Silenced", 1) in health
    assert "1 incident silenced in Alertmanager" in fleet


def test_json_has_what_the_text_has(incident, silence):
    [told] = json.loads(obs("incidents", "show", incident, "--format", "json").stdout)
    assert told["suspects"] == []
    assert (told["detected_by"], told["detected_after_nights"], told["requests"]) == ("busy", 0, 400)
    assert told["silenced_in_alertmanager"] == silence
    assert [alert["rule"] for alert in told["alerts_of_it"]] == ["busy"]
    assert any("busy" in moment["text"] for moment in told["timeline"])
    assert "suspects" in obs("incidents", "show", incident, "--format", "csv").stdout.splitlines()[0]


@pytest.mark.parametrize("answer", ['{"error": "x"}', "[7]", '[{"labels": {}}]', "no JSON"])
def test_an_answer_of_something_else_is_a_remark_and_no_failure(there, incident, answer):
    there.answers = dict.fromkeys(there.answers, answer)
    health, fleet = pages(incident)
    assert "silences is not known" in health
    assert "silenced in Alertmanager" not in fleet
    assert "is not known" in obs("alerts", "list").output


def test_pages_are_made_while_it_is_down_and_ask_nothing_where_nothing_fires(there, incident):
    file = Settings().monitors / "loan_default.yaml"
    there.asked.clear()
    file.write_text(file.read_text("utf-8").replace("above: 350", "above: 950"), encoding="utf-8")
    with History.open(Settings().history_url) as history:
        evaluate_rules(monitor_of(file), history, as_of=DAY, now=NOW, run_id="r")
    pages(incident)
    assert there.asked == []
    file.write_text(
        file.read_text("utf-8").replace("above: 950", "above: 350").replace(str(there.server_port), "1"),
        encoding="utf-8",
    )
    with History.open(Settings().history_url) as history:
        evaluate_rules(monitor_of(file), history, as_of=DAY, now=NOW, run_id="r")
    health, _ = pages(incident)
    assert "The service cannot be reached" in health

"""What explanations have to do with alerts: nothing that keeps these waiting, and all that is about them."""

import datetime as dt

import pytest

from jobs.execution import run_nights
from obs_dagster.alerts import list_alerts
from obs_dagster.catalogue import monitor_of
from obs_dagster.explain.version_explained import VersionExplained
from obs_dagster.history import History
from obs_dagster.metrics.record import Estimate
from obs_dagster.settings import Settings
from tests.jobs.conftest import write_days

FIRST, LAST = dt.date(2024, 3, 1), dt.date(2024, 3, 2)
RULE = "  - {name: busy, metric: volume, above: 350, summary: More rows than there should be.}\n"
SHARE = "  - {name: leaning, metric: shap_share, above: 0.5, confident: false, columns: [income]}\n"


@pytest.fixture
def nights(home, monkeypatch):
    """Runs two nights with something else in the place of explanations; gives the stages and the alerts."""
    monkeypatch.setenv("OBS_HOME", str(home.root))
    monkeypatch.setenv("DAGSTER_HOME", "")
    write_days(home)
    file = home.monitors / "loan_default.yaml"
    written = file.read_text().replace(RULE, RULE + SHARE)
    file.write_text(f"{written}\nregistry: {{name: loan_default}}\n")
    monitor = monitor_of(file)

    def run(explain_days):
        monkeypatch.setattr("assets.explanations.explain_days", explain_days)
        told = []
        settings = Settings(home=home.root)
        run_nights(monitor, FIRST, LAST, settings=settings, progress=told.append)
        with History.open(settings.history_url) as history:
            firing = {alert.rule for alert in list_alerts(history, monitor.model) if alert.state == "firing"}
        ended = [(event.stage, event.outcome) for event in told if event.outcome in {"done", "failed"}]
        return ended, firing

    return run


def test_alerts_and_the_report_do_without_explanations_that_fail(nights):
    def fail(*_):
        raise RuntimeError("the library is broken")

    ended, firing = nights(fail)
    assert ended[-3:] == [("alerts", "done"), ("explanations", "failed"), ("mlflow_report", "done")]
    assert firing == {"busy"}


def test_a_rule_about_explanations_sees_those_of_the_night(nights):
    share = Estimate(0.9, 0.8, 1.0, 100)

    def explain(_monitor, days, *_):
        for day, versions in days:
            found = {"income": {"shap_share": share, "shap_importance": share}}
            yield day, [VersionExplained(version, rows=100, drawn=100, metrics=found) for version in versions]

    ended, firing = nights(explain)
    assert ended[-3:] == [("alerts", "done"), ("explanations", "done"), ("mlflow_report", "done")]
    assert firing == {"busy", "leaning"}

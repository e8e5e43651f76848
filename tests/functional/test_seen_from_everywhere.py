"""One night, read from end to end: from an alert to its trace, from a line of the log to its run."""

import json
import logging
import shutil
import sqlite3
import warnings

import dagster as dg
import pytest
import structlog

from jobs import sensors
from jobs.instance import open_instance
from obs_dagster.telemetry import logs, traces
from tests.collector import collecting
from tests.functional.conftest import ALONE
from tests.servers import until

PAGE = "https://jaeger.example/trace/{trace_id}"


@pytest.fixture(scope="module")
def night(season, tmp_path_factory):
    """The last day of the season, run again with everything on, in a home where no alert is known."""
    home = tmp_path_factory.mktemp("seen") / "home"
    shutil.copytree(season.place.home, home)
    place = type(season.place)(home, home / "monitors" / season.place.monitor_file.name)
    with sqlite3.connect(home / "history.db") as store:
        for table in ("deliveries", "threads", "outbox", "alert_events", "alerts", "incidents"):
            store.execute(f"DELETE FROM {table}")
    root, told = logging.getLogger(), warnings.showwarning
    before = (root.level, list(root.handlers))
    with (
        collecting(tmp_path_factory.mktemp("collector")) as collector,
        place.environment(),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        patch.setenv("OBS_TRACES", "otlp,mlflow")
        patch.setenv("OBS_TRACES_URL", PAGE)
        patch.setenv("OBS_LOG_FILE", str(home / "obs.log"))
        patch.setenv("OBS_LOG_STDERR_LEVEL", "CRITICAL")
        traces.forget()
        logs.configure()
        try:
            run = place.run(ALONE)
            trace = traces.trace_of_run(run.run_id)
            until("the night has come", lambda: [e for e in collector.spans(trace) if not e["parent"]])
            yield place, run, trace, collector
        finally:
            traces.forget()
            for each in [each for each in root.handlers if each not in before[1]]:
                each.close()
            root.level, root.handlers[:], warnings.showwarning = *before, told
            structlog.reset_defaults()
    traces.forget()


def test_the_night_is_one_trace_with_run_stages_day_and_what_is_below(night):
    _, run, trace, collector = night
    spans = collector.spans(trace)
    by_id = {each["id"]: each for each in spans}
    (root,) = (each for each in spans if not each["parent"])
    assert root["attributes"]["obs.run_id"] == run.run_id
    assert all(each["parent"] in by_id for each in spans if each is not root)
    below = {each["name"]: by_id[each["parent"]]["name"] for each in spans if each is not root}
    stages = {name for name, parent in below.items() if parent == "night"}
    assert {"stage drift", "stage alerts", "stage mlflow_report", "stage explanations"} <= stages
    assert (below["validate"], below["drift"], below["ingest"]) == ("day", "day", "day")
    assert {"scan profile", "merge", "rules", "history write", "sql SELECT", "mlflow log"} <= set(below)
    ingest = next(each for each in spans if each["name"] == "ingest")
    assert ingest["attributes"]["obs.day"] == str(ALONE)
    assert ingest["attributes"]["obs.rows"] > 0
    assert {each["resource"]["service.name"] for each in spans} == {"obs-dagster"}
    assert not any(each["failed"] for each in spans)


def test_from_a_firing_alert_to_its_trace(night, receiver):
    """What people get leads to the night that raised it; that it was sent is in the same trace."""
    place, _, trace, collector = night
    text = place.monitor_file.read_text()
    place.monitor_file.write_text(text.replace("url: log://", f"url: {receiver.url}"))
    sensor = next(each for each in sensors.build([place.monitor]) if each.name == "alert_notifications")
    with dg.DagsterInstance.ephemeral() as instance:
        sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    told = next(each for each in receiver.received if each.get("rule") == "recall_lost")
    assert told["trace_id"] == trace
    assert told["trace_url"] == PAGE.replace("{trace_id}", trace)
    assert told["trace_url"] in told["message"]
    (sent,) = until(
        "its delivery has come",
        lambda: [
            each
            for each in collector.spans(trace)
            if each["attributes"].get("messaging.message.id") == told["idempotency_key"]
        ],
    )
    assert (sent["name"], sent["attributes"]["messaging.system"]) == ("deliver", "json")


def test_from_a_line_of_the_log_to_its_run_and_its_trace(night):
    place, run, trace, collector = night
    lines = [json.loads(line) for line in (place.home / "obs.log").read_text().splitlines()]
    (fires,) = (line for line in lines if line["event"] == "alert fires" and line["rule"] == "recall_lost")
    assert (fires["run_id"], fires["trace_id"], fires["model"]) == (run.run_id, trace, "flight_delay")
    assert (fires["stage"], fires["day"], fires["level"]) == ("alerts", str(ALONE), "warning")
    with open_instance(place.settings) as instance:
        assert instance.get_run_by_id(fires["run_id"]).is_success
    spans = {each["id"]: each["name"] for each in collector.spans(trace)}
    assert spans[fires["span_id"]] == "rules"
    finished = {line["stage"] for line in lines if line["event"] == "stage finished"}
    assert {"inference_logs", "drift", "alerts", "explanations", "mlflow_report"} <= finished
    shipped = until("they have come", lambda: [e for e in collector.logs() if e["body"] == "night ended"])
    assert shipped[0]["attributes"]["obs.run_id"] == run.run_id


def test_the_trace_is_in_mlflow_a_click_from_its_run(night):
    from mlflow import MlflowClient

    place, run, trace, _ = night
    client = MlflowClient(place.settings.mlflow_uri)
    experiment = client.get_experiment_by_name("obs/flight_delay").experiment_id
    kept = client.get_trace(f"tr-{trace}")
    assert kept.info.experiment_id == experiment
    assert kept.info.state.value == "OK"
    assert json.loads(kept.info.request_preview)["obs.run_id"] == run.run_id
    assert {"night", "stage drift", "validate"} <= {each.name for each in kept.data.spans}
    (published,) = client.search_runs(
        [experiment], f"tags.`obs.trace_id` = '{trace}' and tags.`obs.version` = '1'"
    )
    assert f"tr-{trace}" in published.data.tags["mlflow.note.content"]
    linked = client.search_traces(locations=[experiment], run_id=published.info.run_id)
    assert [each.info.trace_id for each in linked] == [f"tr-{trace}"]


def test_dagster_and_the_history_know_the_trace(night):
    place, run, trace, _ = night
    (row,) = (row for row in place.rows("nights") if row["day"] == str(ALONE))
    assert (row["trace_id"], row["run_id"]) == (trace, run.run_id)
    with open_instance(place.settings) as instance:
        events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    urls = {each.asset_materialization.metadata["trace"].value for each in events}
    assert urls == {PAGE.replace("{trace_id}", trace)}
    assert len(events) > 9

"""A night as OpenLineage sees it, sent to a server by the official client."""

import datetime as dt
import http.server
import json
import os
import threading
from unittest import mock

import dagster as dg
import pytest

from assets import baseline, data_quality, ground_truth, inference_logs, profile
from assets.resources import Platform
from assets.stage import stage
from obs_dagster.lineage.emitter import emitter

DAY = dt.date(2024, 3, 4)
STAGES = (inference_logs, ground_truth, data_quality, baseline, profile)


@pytest.fixture(scope="module")
def server():
    """A receiver of OpenLineage's events: what came, as JSON."""
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.path == "/api/v1/lineage"
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    listening.received = received
    yield listening
    listening.shutdown()
    listening.server_close()
    thread.join()


@pytest.fixture(scope="module")
def told(server):
    """OpenLineage set up for the server; sends what waits and gives what came."""
    # the client writes into the environment, too
    with mock.patch.dict(os.environ, {"OPENLINEAGE_URL": f"http://127.0.0.1:{server.server_port}"}):
        emitter.cache_clear()
        yield lambda: emitter().settle(20) and server.received
        emitter.cache_clear()


@pytest.fixture(scope="module")
def night(told, small_at, tmp_path_factory):
    """The events of a night of a model whose log has a row without an hour, by stage and type."""
    world = small_at(
        tmp_path_factory.mktemp("lineage"),
        owner="team:flights",
        features={
            "temp": {"type": "number", "description": "Degrees."},
            "hour": {"type": "integer", "nullable": False},
            "airline": {"type": "category", "column": "carrier"},
        },
        segments=["airline"],
    )
    rows = world.rows(DAY).astype({"hour": "Int64"})
    rows.loc[0, "hour"] = None
    world.log(DAY, rows)
    world.labels("first.parquet", rows, day=DAY)
    world.train("1")
    environ = {"OBS_HOME": str(world.root / "home"), "OBS_LAKE": str(world.root / "lake")}
    with mock.patch.dict(os.environ, environ), dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [each.build(world.monitor) for each in STAGES],
            instance=instance,
            partition_key=DAY.isoformat(),
            resources={"platform": Platform()},
        )
    events = [event for event in told() if event["run"]["facets"]["parent"]["run"]["runId"] == result.run_id]
    stages = {(event["job"]["name"].rpartition(".")[2], event["eventType"]): event for event in events}
    return world, result.run_id, stages


def test_every_stage_begins_and_ends_as_one_run_below_the_run_of_the_night(night):
    _, run_id, events = night
    names = [module.__name__.rpartition(".")[2] for module in STAGES]
    assert set(events) == {(name, kind) for name in names for kind in ("START", "COMPLETE")}
    for name in names:
        begun, ended = events[name, "START"], events[name, "COMPLETE"]
        assert begun["run"]["runId"] == ended["run"]["runId"]
        assert begun["eventTime"] <= ended["eventTime"]
        assert ended["run"]["facets"]["parent"]["run"]["runId"] == run_id
        assert ended["job"]["facets"]["ownership"]["owners"][0]["name"] == "team:flights"
    nominal = events["profile", "COMPLETE"]["run"]["facets"]["nominalTime"]
    assert nominal["nominalStartTime"] == "2024-03-04T00:00:00+00:00"
    assert nominal["nominalEndTime"] == "2024-03-05T00:00:00+00:00"
    assert len({event["run"]["runId"] for event in events.values()}) == len(STAGES)


def test_the_graph_goes_from_the_files_of_the_log_to_the_profile(night):
    world, _, events = night
    reads = {
        name: [(each["namespace"], each["name"]) for each in events[name, "COMPLETE"]["inputs"]]
        for name, kind in events
        if kind == "COMPLETE"
    }
    assert reads["inference_logs"] == [("file", f"{world.root}/logs")]
    assert reads["ground_truth"] == [
        ("file", f"{world.root}/labels"),
        ("obs_dagster", "small.inference_logs"),
    ]
    assert reads["baseline"] == [("file", f"{world.root}/training")]
    assert reads["profile"] == [("obs_dagster", "small.data_quality"), ("obs_dagster", "small.baseline")]
    (written,) = events["inference_logs", "COMPLETE"]["outputs"]
    assert (
        written["facets"]["symlinks"]["identifiers"][0]["name"] == f"{world.root}/lake/small/inference_logs"
    )
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 200


def test_columns_say_what_they_are_and_what_they_are_made_of(night):
    world, _, events = night
    (written,) = events["inference_logs", "COMPLETE"]["outputs"]
    fields = {each["name"]: each for each in written["facets"]["schema"]["fields"]}
    assert fields["temp"]["type"] == "DOUBLE"
    assert fields["temp"]["description"] == "Degrees."
    assert fields["at"]["description"] == "time"
    made_of = written["facets"]["columnLineage"]["fields"]
    (origin,) = made_of["airline"]["inputFields"]
    assert (origin["namespace"], origin["name"], origin["field"]) == ("file", f"{world.root}/logs", "carrier")
    assert origin["transformations"][0]["subtype"] == "IDENTITY"
    assert [each["field"] for each in made_of["prediction"]["inputFields"]] == ["score"]
    assert made_of["prediction"]["inputFields"][0]["transformations"][0]["subtype"] == "TRANSFORMATION"


def test_what_rows_broke_is_an_assertion_and_a_check(night):
    _, _, events = night
    ended = events["data_quality", "COMPLETE"]
    facets = ended["inputs"][0]["inputFacets"]
    assert facets["dataQualityMetrics"]["rowCount"] == 200
    broken = [each for each in facets["dataQualityAssertions"]["assertions"] if not each["success"]]
    assert [(each["column"], each["assertion"], each["actual"]) for each in broken] == [
        ("hour", "expect_column_values_to_not_be_null", "1 of 200 rows")
    ]
    checks = {each["name"]: each for each in ended["run"]["facets"]["test"]["tests"]}
    assert (checks["contract"]["status"], checks["contract"]["severity"]) == ("fail", "warn")
    assert checks["volume"]["status"] == "pass"


def test_the_profile_says_how_each_columns_values_lie(night):
    world, _, events = night
    rows = world.rows(DAY).iloc[1:]
    (clean, _) = events["profile", "COMPLETE"]["inputs"]
    found = clean["inputFacets"]["dataQualityMetrics"]
    assert found["rowCount"] == len(rows)
    temp = found["columnMetrics"]["temp"]
    assert temp["min"] == pytest.approx(rows["temp"].min())
    assert temp["sum"] == pytest.approx(rows["temp"].sum())
    assert temp["quantiles"]["0.5"] == pytest.approx(rows["temp"].median(), abs=0.3)
    assert found["columnMetrics"]["airline"]["distinctCount"] == 3
    assert found["columnMetrics"]["hour"]["nullCount"] == 0


def test_a_stage_that_fails_says_why_without_secrets(told, small, monkeypatch, tmp_path):
    monkeypatch.setenv("OBS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("THE_PASSWORD", "hunter2hunter2")

    @stage(small().monitor, "drift", after=["profile"])
    def drift(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        raise ValueError("no answer to hunter2hunter2")

    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([drift], instance=instance, partition_key="2024-03-04", raise_on_error=False)
    event = told()[-1]
    assert event["eventType"] == "FAIL"
    assert event["run"]["facets"]["errorMessage"]["message"] == "ValueError: no answer to ***"


def test_a_stage_runs_whatever_becomes_of_its_events(told, small, monkeypatch, tmp_path):
    monkeypatch.setenv("OBS_HOME", str(tmp_path / "home"))
    world = small()
    monkeypatch.setattr("obs_dagster.lineage.stage_run.name_of", mock.Mock(side_effect=RuntimeError("no")))
    before = len(told())

    @stage(world.monitor, "drift", after=["profile"])
    def drift(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        return dg.MaterializeResult()

    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize([drift], instance=instance, partition_key="2024-03-04").success
    assert len(told()) == before

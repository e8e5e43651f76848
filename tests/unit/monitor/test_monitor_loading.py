import datetime as dt
import json
from pathlib import Path

import pytest
import yaml

from obs_dagster.baselines.kinds.training import TrainingBaseline
from obs_dagster.errors import ObsError, SourceError
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import Monitor, MonitorError
from obs_dagster.monitor.loading import load_monitor, load_monitors
from obs_dagster.monitor.reference import EXAMPLE

METRICS = {name: definitions()[name] for name in ("psi", "recall")}
SOUND = """\
model: {model}
start: 2013-04-01
logs:
  source: parquet
  path: ${{LOGS}}/{{day}}.parquet
  columns: {{prediction_id: id, time: at, version: version, score: score}}
features:
  hour: {{type: integer}}
baseline: {{kind: rolling}}
"""


def written(folder, text, name="monitor.yaml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(path, **options):
    with pytest.raises(MonitorError) as caught:
        load_monitor(path, **{"environ": {}, "metrics": METRICS, **options})
    return caught.value.problems


def test_the_example_is_a_sound_monitor():
    monitor = load_monitor(EXAMPLE, environ={"OBS_HOME": "/srv/obs"}, metrics=METRICS)

    assert monitor.model == "flight_delay"
    assert monitor.start == dt.date(2013, 4, 1)
    assert monitor.logs.path == "/srv/obs/logs/{day}/*.parquet"
    assert monitor.labels is not None
    assert monitor.labels.path == "/srv/obs/labels/*.parquet"
    assert isinstance(monitor.baseline, TrainingBaseline)
    assert monitor.baseline.path == "/srv/obs/training/{version}.parquet"
    assert monitor.cuts == ((), ("origin",), ("origin", "carrier"))
    assert monitor.folder == EXAMPLE.parent
    assert monitor.alerts[0].for_nights == 2


@pytest.mark.parametrize(
    ("logs", "labels"),
    [
        ({}, {}),
        ({"path": "all.csv", "version": "3"}, {"columns": {"label": "late"}}),
        (
            {"path": "{version}/{day}.csv", "source": "csv", "csv": {"decimal": ","}},
            {"source": "csv", "path": "labels.csv", "columns": {"label": "late", "keys": ["client"]}},
        ),
    ],
)
def test_a_monitor_survives_the_round_trip_through_yaml(tmp_path, logs, labels):
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    if labels:
        columns = {"time": "at", "score": "score"}
        document |= {"logs": document["logs"] | {"columns": columns} | logs, "labels": labels}
    source = tmp_path / "first.yaml"
    source.write_text(yaml.safe_dump(document), encoding="utf-8")
    first = load_monitor(source, environ={"OBS_HOME": "/srv/obs"}, metrics=METRICS)
    path = tmp_path / "again.yaml"
    path.write_text(yaml.safe_dump(json.loads(first.model_dump_json(by_alias=True))))

    again = load_monitor(path, environ={}, metrics=METRICS)

    assert again.model_dump() == first.model_dump()


def test_anchors_and_merge_keys_are_filled_in_and_own_keys_win(tmp_path):
    text = SOUND.format(model="flights") + (
        "alerts:\n"
        "  - &drift {name: drift, metric: psi, above: 0.1, window: 7}\n"
        "  - {<<: *drift, name: strong_drift, above: 0.3}\n"
    )

    monitor = load_monitor(written(tmp_path, text), environ={"LOGS": "/logs"}, metrics=METRICS)

    assert [(rule.name, rule.above, rule.window) for rule in monitor.alerts] == [
        ("drift", 0.1, 7),
        ("strong_drift", 0.3, 7),
    ]


def test_a_mistake_behind_an_alias_is_placed_where_it_is_written(tmp_path):
    text = SOUND.format(model="flights") + (
        "alerts:\n"
        "  - {name: drift, metric: psi, above: 0.1, columns: &columns [huor]}\n"
        "  - {name: strong_drift, metric: psi, above: 0.3, columns: *columns}\n"
    )

    problems = problems_of(written(tmp_path, text), environ={"LOGS": "/logs"})

    assert [(problem.line, problem.key, problem.nearest) for problem in problems] == [
        (11, "alerts[0].columns[0]", "hour"),
        (11, "alerts[1].columns[0]", "hour"),
    ]


def test_the_environment_of_the_process_is_read_when_none_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("LOGS", "/from/the/process")

    monitor = load_monitor(written(tmp_path, SOUND.format(model="flights")), metrics=METRICS)

    assert monitor.logs.path == "/from/the/process/{day}.parquet"


@pytest.mark.parametrize("home", [None, ".obs", "/srv/obs"])
def test_obs_home_is_the_absolute_home_of_the_settings(tmp_path, monkeypatch, home):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OBS_HOME", raising=False)
    text = SOUND.format(model="flights").replace("LOGS", "OBS_HOME")

    monitor = load_monitor(
        written(tmp_path, text), environ={} if home is None else {"OBS_HOME": home}, metrics=METRICS
    )

    assert monitor.logs.path == str(tmp_path / (home or ".obs") / "{day}.parquet")


def test_a_missing_file_and_a_folder_are_problems(tmp_path):
    (missing,) = problems_of(tmp_path / "missing.yaml")
    (folder,) = problems_of(tmp_path)

    assert str(missing) == f"{tmp_path}/missing.yaml: The file does not exist."
    assert str(folder) == f"{tmp_path}: This is a folder; expected a monitor file."


def test_a_file_that_is_not_a_regular_file_is_not_read():
    (problem,) = problems_of(Path("/dev/zero"))

    assert problem.message == "This is not a regular file."


def test_a_path_below_a_file_cannot_be_read(tmp_path):
    (problem,) = problems_of(written(tmp_path, "") / "monitor.yaml")

    assert problem.message == "The file cannot be read: Not a directory."


def test_a_folder_of_monitors_is_loaded_by_model(tmp_path):
    written(tmp_path, SOUND.format(model="taxis"), "a.yml")
    written(tmp_path, SOUND.format(model="flights"), "b.yaml")
    written(tmp_path, "not a monitor", ".hidden.yaml")
    written(tmp_path, "not a monitor", "notes.txt")

    monitors = load_monitors(tmp_path, environ={"LOGS": "/logs"}, metrics=METRICS)

    assert list(monitors) == ["flights", "taxis"]
    assert all(isinstance(monitor, Monitor) for monitor in monitors.values())


def test_every_problem_of_every_file_is_reported_at_once(tmp_path):
    written(tmp_path, SOUND.format(model="flights") + "windows: [7]\n", "a.yaml")
    written(tmp_path, SOUND.format(model="taxis") + "time_zone: UCT+1\n", "b.yaml")
    written(tmp_path, "[", "c.yaml")
    written(tmp_path, SOUND.format(model="flights"), "d.yaml")

    with pytest.raises(MonitorError) as caught:
        load_monitors(tmp_path, environ={"LOGS": "/logs"}, metrics=METRICS)

    assert [(problem.file.name, problem.line, problem.key) for problem in caught.value.problems] == [
        ("a.yaml", 10, "windows"),
        ("b.yaml", 10, "time_zone"),
        ("c.yaml", 1, ""),
        ("d.yaml", 1, "model"),
    ]
    assert f"already described by {tmp_path}/a.yaml" in str(caught.value)


def test_a_missing_folder_is_a_problem_and_an_empty_one_has_no_monitors(tmp_path):
    with pytest.raises(MonitorError, match="does not exist"):
        load_monitors(tmp_path / "missing", environ={}, metrics=METRICS)

    assert load_monitors(tmp_path, environ={}, metrics=METRICS) == {}


def test_a_flood_of_problems_is_cut_and_says_so(tmp_path):
    columns = ", ".join(f"column_{number}" for number in range(2_000))
    text = SOUND.format(model="flights") + (
        f"alerts: [{{name: drift, metric: psi, above: 0.1, columns: [{columns}]}}]\n"
    )

    problems = problems_of(written(tmp_path, text), environ={"LOGS": "/logs"})

    assert len(problems) == 501
    assert problems[0].message == "There are more than 500 problems; the rest is not shown."


def test_the_secrets_of_a_route_are_not_in_the_monitor(tmp_path):
    text = SOUND.format(model="flights") + 'routes: [{url: "slack://${SLACK_TOKEN}"}]\n'
    environ = {"LOGS": "/logs", "SLACK_TOKEN": "T0/B0/s3cret"}

    monitor = load_monitor(written(tmp_path, text), environ=environ, metrics=METRICS)

    assert "s3cret" not in repr(monitor)
    assert "s3cret" not in monitor.model_dump_json()
    assert monitor.routes[0].resolve(environ) == "slack://T0/B0/s3cret"
    with pytest.raises(ObsError, match="SLACK_TOKEN is not set"):
        monitor.routes[0].resolve({})


def test_a_url_is_never_shown_in_a_problem(tmp_path):
    text = SOUND.format(model="flights") + "routes: [{url: s3cret}, {url: [s3cret]}]\n"

    problems = problems_of(written(tmp_path, text), environ={"LOGS": "/logs"})

    assert [problem.key for problem in problems] == ["routes[0].url", "routes[1].url"]
    assert not any("s3cret" in str(problem) for problem in problems)


def test_paths_start_at_the_folder_of_the_monitor(tmp_path):
    monitor = load_monitor(
        written(tmp_path, SOUND.format(model="flights")), environ={"LOGS": "logs"}, metrics=METRICS
    )

    day = dt.date(2013, 4, 1)

    assert monitor.resolve_path(monitor.logs.path, day=day) == f"{tmp_path}/logs/2013-04-01.parquet"
    assert monitor.resolve_path(monitor.logs.path, day="*") == f"{tmp_path}/logs/*.parquet"
    assert monitor.resolve_path("/data/{version}", version="v1.2") == "/data/v1.2"
    assert monitor.resolve_path("s3://data/{day}/x", day=day) == "s3://data/2013-04-01/x"
    assert monitor.resolve_path("~/data") == str(Path.home() / "data")


@pytest.mark.parametrize("version", ["../../etc", "a/b", "*", "", "..", "v[1]", "{day}", "a\\b", "a\0b"])
def test_a_version_cannot_lead_a_path_elsewhere(tmp_path, version):
    monitor = load_monitor(
        written(tmp_path, SOUND.format(model="flights")), environ={"LOGS": "logs"}, metrics=METRICS
    )

    with pytest.raises(SourceError, match="cannot be part of the path"):
        monitor.resolve_path("training/{version}.parquet", version=version)


def test_a_placeholder_without_a_value_is_an_error(tmp_path):
    monitor = load_monitor(
        written(tmp_path, SOUND.format(model="flights")), environ={"LOGS": "logs"}, metrics=METRICS
    )

    with pytest.raises(SourceError, match="has no value here"):
        monitor.resolve_path(monitor.logs.path)


def test_of_the_models_that_are_wanted_only_the_files_are_looked_at(tmp_path):
    written(tmp_path, SOUND.format(model="flights"), "a.yaml")
    written(tmp_path, "[", "b.yaml")
    written(tmp_path, SOUND.format(model="flights_late") + "time_zone: UCT+1\n", "c.yaml")

    found = load_monitors(tmp_path, environ={"LOGS": "/logs"}, metrics=METRICS, models=["flights"])

    assert list(found) == ["flights"]


def test_what_is_wrong_with_the_files_of_a_wanted_model_is_reported(tmp_path):
    written(tmp_path, SOUND.format(model="flights"), "a.yaml")
    written(tmp_path, SOUND.format(model="flights") + "time_zone: UCT+1\n", "b.yaml")
    written(tmp_path, "model: flights\nlogs: [", "c.yaml")

    with pytest.raises(MonitorError) as caught:
        load_monitors(tmp_path, environ={"LOGS": "/logs"}, metrics=METRICS, models=["flights"])

    assert [(problem.file.name, problem.key) for problem in caught.value.problems] == [
        ("b.yaml", "model"),
        ("b.yaml", "time_zone"),
        ("c.yaml", ""),
    ]

"""Rows that stay in a warehouse: what is counted of them, what is refused, and what the lake never has."""

import datetime as dt

import duckdb
import pyarrow as pa
import pytest
import yaml
from typer.testing import CliRunner

from jobs.cli.app import app
from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.engine.protocol import engine_of
from obs_dagster.errors import LakeError, ObsError, SourceError
from obs_dagster.evaluation.night_plan import night_plan
from obs_dagster.monitor.loading import load_monitor
from obs_dagster.quality.day import validate_day
from obs_dagster.quality.releases import release
from obs_dagster.quality.tally import tally
from obs_dagster.sources.changed_logs import changed_days
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.label_days import GROUND_TRUTH
from obs_dagster.sources.labels import ingest_labels
from obs_dagster.sources.log_rows import log_rows
from obs_dagster.sources.warehouse_plan import planned

ONE = dt.timedelta(days=1)
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
FEATURES = {
    "temp": {"type": "number", "max": 20, "nullable": True},
    "hour": {"type": "integer", "unique": True},
    "carrier": {"type": "category", "allowed": ["AA", "UA"]},
}


class Tables:
    """A log and its labels in a file of DuckDB."""

    def __init__(self, place):
        self.place = place
        self.url = f"duckdb://{place}?read_only=true"

    def run(self, statement, **frames):
        with duckdb.connect(self.place) as connection:
            for name, frame in frames.items():
                connection.register(name, pa.Table.from_pandas(frame, preserve_index=False))
            connection.execute(statement)


@pytest.fixture
def tables(tmp_path, small, day):
    """Two days of a log, of which the first has labels for half of its rows."""
    made = Tables(tmp_path / "warehouse.ddb")
    rows = small().rows(day, 60)
    made.run("CREATE TABLE log AS FROM rows", rows=rows)
    made.run("INSERT INTO log FROM rows", rows=small().rows(day + ONE, 40))
    known = f"TIMESTAMPTZ '{day + ONE} 07:00:00+00'"
    made.run(f"CREATE TABLE labels AS SELECT id, score > 0.5 AS late, {known} AS known_at FROM log LIMIT 30")
    return made


@pytest.fixture
def worlds(small, tables, monkeypatch):
    """Makes the same model twice: its rows are fetched, and stay."""
    monkeypatch.setenv("WAREHOUSE_URL", tables.url)

    def make(**changes):
        columns = small().keys["logs"]["columns"]
        place = {"source": "ibis", "path": "${WAREHOUSE_URL}"}
        keys = {
            "logs": place | {"table": "log", "columns": columns},
            "labels": place | {"table": "labels", "columns": small().keys["labels"]["columns"]},
            "features": FEATURES,
            "quality": {"max_quarantined_share": 1},
        } | changes
        return small("fetched", **keys), small("there", **keys, engine="warehouse")

    return make


def validated(world, day):
    ingest_logs(world.monitor, day, world.lake)
    return validate_day(world.monitor, day, world.lake)


def told(quality):
    results = [{key: each[key] for key in each if key != "examples"} for each in quality.results]
    rules = {"broken": quality.broken_rules, "released": quality.released}
    return rules | {"rows": quality.rows, "quarantined": quality.quarantined, "results": results}


def test_the_contract_is_counted_as_great_expectations_judges_it(worlds, day):
    fetched, there = worlds()
    found = validated(there, day)
    assert told(found) == told(validated(fetched, day))
    assert {"carrier is none of ['AA', 'UA']", "hour occurs more than once"} & found.broken_rules.keys()
    assert 0 < found.quarantined < found.rows
    counted = [
        {each.rule: each.rows for each in tally(world.monitor, world.lake, day, day)}
        for world in (fetched, there)
    ]
    assert counted[0] == counted[1] == found.broken_rules


def test_rows_are_released_there_as_here(worlds, day):
    fetched, there = worlds()
    rule = "hour occurs more than once"
    for world in (fetched, there):
        release(world.monitor, world.lake, rules=[rule], first=day, last=day, by="ada", comment="", now=NOW)
    found = validated(there, day)
    assert told(found) == told(validated(fetched, day))
    assert found.released[rule] > 0
    with engine_of(there.monitor).clean_rows(there.monitor, [day], there.lake) as rows:
        assert len(rows.collect("pyarrow")) == found.rows - found.quarantined


def test_rows_that_come_meanwhile_fail_what_reads_them(worlds, tables, day):
    _, there = worlds()
    validated(there, day)
    assert not list(changed_days(there.monitor, there.lake))
    tables.run(f"INSERT INTO log SELECT * REPLACE ('late' AS id) FROM log WHERE id = '{day}-1-0-59'")
    with (
        pytest.raises(SourceError, match=f"The rows of {day}.*some came or went since"),
        engine_of(there.monitor).clean_rows(there.monitor, [day], there.lake) as rows,
    ):
        rows.collect("pyarrow")
    assert [each.day for each in changed_days(there.monitor, there.lake)] == [day]
    assert validated(there, day).rows == 61


def test_a_value_that_changes_makes_the_day_another_one(worlds, tables, day):
    _, there = worlds()
    before = validated(there, day).fingerprint
    assert validated(there, day).fingerprint == before
    tables.run(f"UPDATE log SET temp = 3.5 WHERE id = '{day}-1-0-7'")
    assert validated(there, day).fingerprint != before


def test_late_labels_touch_the_days_that_they_belong_to(worlds, tables, day):
    _, there = worlds()
    for each in (day, day + ONE):
        ingest_logs(there.monitor, each, there.lake)
    truth = there.lake.table("small", GROUND_TRUTH)
    assert ingest_labels(there.monitor, there.lake).touched == {day: 30}
    assert ingest_labels(there.monitor, there.lake).touched == {}
    assert truth.read(day).num_rows == 0
    later = f"TIMESTAMPTZ '{day + 3 * ONE} 07:00:00+00'"
    tables.run(f"INSERT INTO labels SELECT id, true, {later} FROM log WHERE id LIKE '{day + ONE}%' LIMIT 4")
    assert ingest_labels(there.monitor, there.lake).touched == {day + ONE: 4}
    # a correction replaces what its prediction had
    tables.run(f"INSERT INTO labels SELECT id, NOT late, {later} FROM labels WHERE id = '{day}-1-0-3'")
    before = truth.manifest(day)["fingerprint"]
    assert ingest_labels(there.monitor, there.lake).touched == {day: 30}
    assert truth.manifest(day)["fingerprint"] != before


def test_the_class_that_labels_call_otherwise_is_told_by_them(worlds, tables, day):
    tables.run("CREATE TABLE words AS SELECT id, if(late, ' Late', 'on time') AS late, known_at FROM labels")
    place = {"source": "ibis", "path": "${WAREHOUSE_URL}", "table": "words", "positive": "late"}
    columns = {"prediction_id": "id", "label": "late", "known_at": "known_at"}
    found = []
    for world in worlds(labels=place | {"columns": columns}):
        validated(world, day)
        ingest_labels(world.monitor, world.lake)
        with engine_of(world.monitor).labelled_rows(world.monitor, [day], world.lake) as rows:
            found.append(sorted(rows.select("id", "_obs_label").collect("pyarrow").rows(), key=str))
    assert found[0] == found[1]
    assert {label for _, label in found[0]} == {True, False, None}


def test_a_column_that_a_database_could_fail_to_cast_is_named(worlds, tables, day):
    tables.run("ALTER TABLE log ALTER hour TYPE VARCHAR")
    _, there = worlds()
    with pytest.raises(SourceError, match="The column hour of type string cannot be counted") as error:
        ingest_logs(there.monitor, day, there.lake)
    assert "a view" in error.value.remedy


def test_a_day_without_rows_and_a_column_that_is_gone(worlds, tables, day):
    fetched, there = worlds()
    nobody = validated(there, day + 5 * ONE)
    assert nobody.reason == validated(fetched, day + 5 * ONE).reason
    assert not nobody.evaluated
    tables.run("ALTER TABLE log DROP carrier")
    found, expected = (told(validated(world, day)) for world in (there, fetched))
    absent = [each for each in found["results"] if each["rule"] == "column carrier is there"]
    assert [each["success"] for each in absent] == [False]
    for each in (found, expected):
        # rows that are fetched have such a column, without values
        each["results"] = [one for one in each["results"] if one["rule"] != absent[0]["rule"]]
    assert found == expected


def test_the_plan_is_what_a_night_asks_and_changes_nothing(worlds, day):
    fetched, there = worlds()
    there.train("1")
    steps = {each.stage: each for each in night_plan(there.monitor, day, there.lake)}
    assert not there.lake.root.exists() or not list(there.lake.root.rglob("*.parquet"))
    assert {"inference_logs", "data_quality", "profile", "performance", "explanations"} <= steps.keys()
    assert all(each.rows is None for step in steps.values() for each in step.asked)
    with planned(run=True) as plan:
        there.night(day)
    # no row has come to the lake, and none can be had from it
    ids = {f"{day}-1-0-{number}".encode() for number in range(60)}
    for path in there.lake.root.rglob("*"):
        assert not path.is_file() or not any(each in path.read_bytes() for each in ids), path
    with connect() as connection, pytest.raises(LakeError, match="stay in the warehouse"):
        log_rows(connection, there.monitor, [day], there.lake)
    asked = {each.sql for each in plan.asked}
    for stage in ("inference_logs", "data_quality"):
        assert {each.sql for each in steps[stage].asked} <= asked
    key = there.monitor.logs.columns.prediction_id
    assert not any(key in each.columns for each in plan.asked)
    counted = night_plan(there.monitor, day, there.lake, run=True)
    [rows] = [each.asked[0].rows for each in counted if each.stage == "data_quality"]
    assert rows == 1
    [first, *_] = night_plan(fetched.monitor, day, fetched.lake)
    assert "all rows of the day" in first.back
    assert key in first.asked[0].columns


def test_the_plan_of_files_says_which_are_read(small, day):
    world = small()
    world.log(day)
    [first, *others] = night_plan(world.monitor, day, world.lake)
    assert f"{day}.parquet" in first.does
    assert {each.stage for each in others} >= {"data_quality", "profile", "performance"}


def test_the_plan_in_a_terminal(worlds, tables, day, tmp_path, monkeypatch):
    _, there = worlds()
    there.train("1")
    (there.root / "small.yaml").write_text(yaml.safe_dump(there.keys | there.changes))
    monkeypatch.setenv("OBS_MONITORS", str(there.root))
    monkeypatch.setenv("OBS_HOME", str(tmp_path / "home"))
    arguments = ["explain-plan", "small", "--day", str(day), "--run", "--sql", str(tmp_path / "sql")]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0, found.output
    assert f"The night of {day} of small" in found.output
    assert "in the warehouse, log of ${WAREHOUSE_URL}" in found.output
    assert str(tables.place) not in found.output
    written = sorted(path.name for path in (tmp_path / "sql").iterdir())
    assert written[0] == "01-inference_logs.sql"
    assert any(name.endswith("-profile.sql") for name in written)


@pytest.mark.parametrize(
    ("changes", "place", "told"),
    [
        ({"logs.source": "parquet"}, "logs.source", "the log is a table"),
        ({"labels.source": "parquet"}, "labels", "labels are a table of the same warehouse"),
        ({"labels.path": "duckdb:///other"}, "labels.path", "joined there"),
        ({"identity": "global"}, "identity", "within a day"),
        ({"quality": {"suite": "suite.json"}}, "quality.suite", "cannot be counted"),
        ({"features.temp.pii": True}, "features.temp.pii", "pseudonyms"),
        ({"task": "ranking"}, "task", "within requests"),
    ],
)
def test_what_needs_rows_is_refused_by_the_check(worlds, tmp_path, changes, place, told):
    _, there = worlds()
    document = yaml.safe_load(yaml.safe_dump(there.keys | there.changes))
    for name, value in changes.items():
        *path, last = name.split(".")
        section = document
        for key in path:
            section = section[key]
        section[last] = value
    file = tmp_path / "small.yaml"
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(ObsError, match="engine: warehouse") as error:
        load_monitor(file, environ={"WAREHOUSE_URL": "duckdb:///x"}, metrics={})
    assert told in str(error.value)
    assert place.split(".")[-1] in str(error.value)


def test_grids_are_fitted_to_a_bounded_sample(worlds, day, monkeypatch):
    monkeypatch.setattr("obs_dagster.profile.grids.sample.SHAPE_ROWS", 20)
    _, there = worlds(
        baseline={"kind": "days", "first": str(day), "last": str(day)}, features={"temp": {"type": "number"}}
    )
    ingest_logs(there.monitor, day, there.lake)
    validate_day(there.monitor, day, there.lake)
    with planned(run=True) as plan:
        prepare_baseline(there.monitor, there.lake)
    numbers = [each for each in plan.asked if each.columns == ("temp",)]
    assert numbers
    assert all(each.rows < 60 for each in numbers)
    assert there.lake.table("small", LOGS).read(day).num_rows == 0


def test_a_day_of_a_label_is_no_time(worlds, tables, day):
    """Of which day a time is depends on a zone, which no database is asked to know."""
    _, there = worlds()
    tables.run(
        'CREATE TABLE timed AS SELECT "at" AS known_on, carrier, TRUE AS late, "at" AS known_at FROM log'
    )
    there.changes["labels"] = there.changes["labels"] | {
        "table": "timed",
        "columns": {
            "keys": {"carrier": "carrier", "known_on": "{day}"},
            "label": "late",
            "known_at": "known_at",
        },
    }
    ingest_logs(there.monitor, day, there.lake)
    with pytest.raises(SourceError, match="depends on a zone"):
        ingest_labels(there.monitor, there.lake)

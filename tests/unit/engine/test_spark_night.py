"""A night on Spark is the same night as on DuckDB: what is quarantined and why, and every record."""

import json
import sys
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from obs_dagster.evaluation import reducing
from obs_dagster.evaluation.day_rows import rows_of_day
from obs_dagster.evaluation.examples import examples_of
from obs_dagster.evaluation.hours import count_hours
from obs_dagster.evaluation.profiling import profile_days
from obs_dagster.evaluation.sampling import draw_versions, sample_day
from obs_dagster.explain.day import explain_days
from obs_dagster.profile.tables import HOURS
from obs_dagster.quality import day as validation
from obs_dagster.quality.purge import purge_quarantine
from obs_dagster.quality.tally import tally
from obs_dagster.quality.validated import QUARANTINE, day_quality
from obs_dagster.reports.evidently_night import evidently_pages
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.same_rows import same_rows

OF_LOG = {
    "source": "parquet",
    "path": "logs/{day}.*",
    "columns": {
        "prediction_id": "id",
        "time": "at",
        "version": "model",
        "score": "score",
        "latency_ms": "took",
        "status": "status",
        "trace_id": "trace",
    },
}
FEATURES = {
    "temp": {"type": "number", "min": -10, "max": 25},
    "hour": {"type": "integer", "nullable": False, "max": 23},
    "carrier": {"type": "category", "allowed": ["AA", "ü=,%", "O'Hare"]},
    "seat": {"type": "integer", "unique": True},
    "vip": {"type": "boolean"},
}
SUITE = [
    ("expect_column_values_to_match_regex", {"column": "carrier", "regex": "^A", "mostly": 0.1}),
    ("expect_column_values_to_be_between", {"column": "gust", "min_value": 0}),
    ("expect_column_mean_to_be_between", {"column": "hour", "min_value": 100}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "took", "column_B": "gust"}),
    ("expect_column_values_to_not_be_null", {"column": "gone"}),
]


def rows_of(world, day):
    """Rows of two versions that break every rule, with values of every kind."""
    n, rng = 160, np.random.default_rng(7)
    rows = pd.concat([world.rows(day, n), world.rows(day, n, version="2")], ignore_index=True)
    rows["carrier"] = rng.choice(["AA", "ü=,%", "O'Hare"], 2 * n)
    rows = rows.assign(
        seat=np.arange(2 * n),
        vip=pd.array(rng.choice([True, False, None], 2 * n), dtype="boolean"),
        took=rng.lognormal(1.5, 1, 2 * n),
        status=rng.choice(["ok", "500", "(null)", "a,b=c"], 2 * n),
        gust=rng.normal(2, 1, 2 * n),
        trace=[f"trace-{number}" for number in range(2 * n)],
        hour=rows["hour"].astype(float),
    )
    later = pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1)
    broken = {
        "temp": 99.5,
        "hour": np.nan,
        "carrier": "ZZ",
        "seat": 7,
        "score": 1.5,
        "model": None,
        "at": later,
    }
    for column, value in broken.items():
        rows.loc[rng.choice(2 * n, 4, replace=False), column] = value
    rows.loc[[3, 4, 5], "temp"] = [np.inf, -np.inf, np.nan]
    rows.loc[[6, 7], "carrier"] = None
    rows.loc[8, "hour"] = 3.5
    rows.loc[9, "score"] = np.nan
    rows.loc[10:14, "seat"] = np.nan
    return rows


@pytest.fixture
def night(small, day):
    """Runs the same night on an engine, in a folder of its own; returns the world and the records."""

    def run(engine, folder):
        world = small(
            folder,
            engine=engine,
            logs=OF_LOG,
            features=FEATURES,
            segments=["carrier", ["carrier", "vip"]],
            quality={"max_quarantined_share": 1, "suite": "suite.json"},
        )
        world.root.mkdir()
        expectations = [{"type": kind, "kwargs": arguments} for kind, arguments in SUITE]
        (world.root / "suite.json").write_text(json.dumps({"name": "team", "expectations": expectations}))
        rows = rows_of(world, day)
        world.log(day, rows)
        world.labels("a.parquet", rows[20:250], day=day)
        for version in ("1", "2"):
            world.write(f"training/{version}.parquet", rows[rows["model"] == version])
        return world, world.night(day)

    return run


def alike(one, other):
    """The same fields; numbers may differ by the order in which they were added up."""
    return one == other or (
        isinstance(one, float)
        and isinstance(other, float)
        and one == pytest.approx(other, rel=1e-9, abs=1e-9)
    )


def assert_same_lake(ours, theirs):
    """The same files with the same rows: log, labels, quarantine, profile, outcomes, baseline, samples."""
    here, there = (json.loads(json.dumps(world.state(), default=str)) for world in (ours, theirs))
    assert here.keys() == there.keys()
    for name, content in here.items():
        assert same(content, there[name]), name


def same(one, other):
    """Equal, but for when files were written, and the order in which numbers were added up."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            key in UNLIKE or same(each, other[key]) for key, each in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return alike(one, other)


#: What tells of a file when it was written, and where.
UNLIKE = {"stamp", "fingerprint", "source", "files"}


def test_a_night_on_spark_equals_one_on_duckdb_and_reads_no_row_here(night, day, spark, monkeypatch):
    ours, expected = night("duckdb", "duckdb")
    for name, module in list(sys.modules.items()):
        if name.startswith("obs_dagster.") and hasattr(module, "connect"):
            monkeypatch.setattr(module, "connect", lambda: pytest.fail("rows are read here"))
    theirs, found = night(spark, "spark")

    assert_same_lake(ours, theirs)
    assert len(day_quality(ours.monitor, day, ours.lake).broken_rules) >= 8
    assert ours.lake.table("small", QUARANTINE).read(day).num_rows > 20

    assert len(found) == len(expected)
    assert any(record.metric == "roc_auc" and record.value is not None for record in expected)
    for one, other in zip(expected, found, strict=True):
        fields, others = asdict(one), asdict(other)
        assert {name for name in fields if not alike(fields[name], others[name])} == set(), one


def asked(world, day):
    """What else is asked of a night's rows, as plain data."""
    monitor, lake = world.monitor, world.lake
    count_hours(world.tonight, [day])
    drawn = draw_versions(monitor, day, lake, versions=["1", "2"], rows=30)
    pages = evidently_pages(monitor, day, "1", lake)
    return {
        "drawn": {version: frame.reset_index().to_dict("records") for version, frame in drawn.items()},
        "sample": sample_day(monitor, day, "1", lake, 40).reset_index().to_dict("records"),
        "kept": rows_of_day(world.tonight, day).to_pylist(),
        "hours": lake.table("small", HOURS).read(day).to_pylist(),
        "quarantined": [asdict(each) for each in tally(monitor, lake, day, day)],
        "examples": [asdict(each) for each in examples_of(monitor, day, lake)],
        "pages": (sorted(pages.html), pages.remarks),
        "explained": list(explain_days(monitor, [(day, ["1", "2"])], lake, "")),
        "same": same_rows(monitor, day, lake, "another stamp"),
        "purged": purge_quarantine(monitor, lake, [day]),
    }


def test_whatever_is_asked_of_rows_has_the_same_answer(night, day, spark):
    answers = []
    for engine, folder in (("duckdb", "duckdb"), (spark, "spark")):
        world, _ = night(engine, folder)
        answers.append(asked(world, day))
    ours, theirs = answers
    assert all(ours.values()), ours
    assert str(theirs) == str(ours)


def test_large_days_are_taken_in_parts(night, day, spark, monkeypatch):
    # a part has 50 of 320 rows
    monkeypatch.setattr(reducing, "_ROWS", 50)
    monkeypatch.setattr(validation, "_CHUNK_ROWS", 50)
    ours, expected = night("duckdb", "duckdb")
    theirs, found = night(spark, "spark")
    assert_same_lake(ours, theirs)
    assert len(found) == len(expected)
    for one, other in zip(expected, found, strict=True):
        fields, others = asdict(one), asdict(other)
        assert {name for name in fields if not alike(fields[name], others[name])} == set(), one


def test_a_day_that_is_read_in_place_is_read_there(small, day, spark):
    logs = small().monitor.logs.model_dump(exclude_none=True) | {"in_place": True}
    profiles = []
    for engine in ("duckdb", spark):
        world = small(logs=logs, engine=engine)
        world.train("1")
        world.log(day)
        world.night(day)
        assert "in_place" in world.lake.table("small", LOGS).manifest(day)
        (_, profile), *_ = profile_days(world.tonight, [day])
        profiles.append(profile)
    assert profiles[1].rows("1") == 200
    assert profiles[1].table.equals(profiles[0].table)

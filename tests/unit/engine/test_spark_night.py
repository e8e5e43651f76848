"""A night on Spark is the same night as on DuckDB: what is quarantined and why, and every record."""

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from obs_dagster.errors import LakeError
from obs_dagster.evaluation.profiling import profile_days
from obs_dagster.quality.day_rows import RULES
from obs_dagster.quality.validated import QUARANTINE, day_quality
from obs_dagster.sources.ingest import ingest_logs

LOGS = {
    "source": "parquet",
    "path": "logs/{day}.*",
    "columns": {
        "prediction_id": "id",
        "time": "at",
        "version": "model",
        "score": "score",
        "latency_ms": "took",
        "status": "status",
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
            logs=LOGS,
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


def test_a_night_on_spark_equals_one_on_duckdb(night, day, spark):
    ours, expected = night("duckdb", "duckdb")
    theirs, found = night(spark, "spark")

    qualities = [day_quality(world.monitor, day, world.lake) for world in (ours, theirs)]
    for one, other in zip(*(quality.results for quality in qualities), strict=True):
        # some of the failing values, not the same ones
        examples = [result.pop("examples") for result in (one, other)]
        assert len(examples[0]) == len(examples[1])
        assert one == other
    assert qualities[1].broken_rules == qualities[0].broken_rules
    assert len(qualities[0].broken_rules) >= 8
    quarantines = [
        world.lake.table("small", QUARANTINE).read(day).select(["id", "_obs_row", RULES]).to_pylist()
        for world in (ours, theirs)
    ]
    assert quarantines[1] == quarantines[0]

    assert len(found) == len(expected)
    assert any(record.metric == "roc_auc" and record.value is not None for record in expected)
    for one, other in zip(expected, found, strict=True):
        fields, others = asdict(one), asdict(other)
        assert {name for name in fields if not alike(fields[name], others[name])} == set(), one


def test_a_day_that_was_read_in_place_is_refused(small, day, spark):
    logs = small().monitor.logs.model_dump(exclude_none=True) | {"in_place": True}
    world = small(logs=logs)
    world.train("1")
    world.log(day)
    world.night(day)
    world.changes["engine"] = spark
    with pytest.raises(LakeError, match="no copy of the rows"):
        list(profile_days(world.tonight, [day]))
    ingest_logs(world.monitor, day, world.lake)
    (_, profile), *_ = profile_days(world.tonight, [day])
    assert profile.rows("1") == 200

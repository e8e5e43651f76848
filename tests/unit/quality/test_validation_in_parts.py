"""Validation by columns and chunks finds what Great Expectations finds in the whole frame at once."""

import copy
import gc
import json
import weakref

import numpy as np
import pytest

from obs_dagster.quality.contract import contract
from obs_dagster.quality.day import validate_day
from obs_dagster.quality.day_rows import RULES, DayRows
from obs_dagster.quality.expectations import _expectation, _team_expectations
from obs_dagster.quality.frames import FrameJudge
from obs_dagster.quality.validated import QUARANTINE
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.log_rows import log_rows
from obs_dagster.sources.personal import Personal

TEAM = [
    ("expect_column_values_to_be_between", {"column": "score", "min_value": 0.2}),
    ("expect_column_values_to_be_between", {"column": "score", "max_value": 0.9, "mostly": 0.5}),
    ("expect_column_values_to_match_regex", {"column": "carrier", "regex": "^[AU]A$"}),
    ("expect_column_value_lengths_to_equal", {"column": "carrier", "value": 2}),
    ("expect_column_mean_to_be_between", {"column": "temp", "max_value": 0}),
    ("expect_column_distinct_values_to_be_in_set", {"column": "carrier", "value_set": ["AA"]}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "temp", "column_B": "hour"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["hour", "carrier"]}),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["hour", "temp"]}),
    (
        "expect_column_values_to_be_between",
        {"column": "temp", "max_value": 12, "row_condition": 'carrier=="AA"', "condition_parser": "pandas"},
    ),
    ("expect_table_row_count_to_equal", {"value": 7}),
    ("expect_table_columns_to_match_set", {"column_set": ["id", "at"], "exact_match": False}),
    ("expect_column_to_exist", {"column": "carrier", "column_index": 0}),
    ("expect_column_to_exist", {"column": "nowhere"}),
]


@pytest.fixture
def world(small, day):
    world = small(
        features={
            "temp": {"type": "number", "min": 0, "max": 15, "nullable": False},
            "hour": {"type": "integer", "max": 20, "unique": True},
            "carrier": {"type": "category", "allowed": ["AA", "UA"]},
        },
        quality={"suite": "suite.json", "max_quarantined_share": 1},
    )
    suite = [
        {"type": kind, "kwargs": kwargs, "meta": {"rule": f"{number}: {kind}"}}
        for number, (kind, kwargs) in enumerate(TEAM)
    ]
    (world.root / "suite.json").write_text(json.dumps({"name": "team", "expectations": suite}))
    rows = world.rows(day, 400)
    rows.loc[::7, "temp"] = np.nan
    rows.loc[::11, "carrier"] = None
    rows.loc[::13, "score"] = [np.nan, 2.0] * 15 + [-1.0]
    rows["hour"] = np.arange(400) % 390
    world.log(day, rows)
    ingest_logs(world.monitor, day, world.lake)
    return world


def of_the_whole(world, day):
    """Each expectation's outcome by Great Expectations' own interface, on all rows and columns at once."""
    import great_expectations as gx

    expected = [_expectation(each) for each in contract(world.monitor, day, [])]
    expected += _team_expectations(world.root / "suite.json")
    frame = world.lake.table("small", LOGS).read(day).to_pandas().set_index("_obs_row")
    frame = frame.rename_axis(index=None)
    frame["_obs_occurrences_hour"] = frame.groupby("hour")["hour"].transform("size")
    context = gx.get_context(mode="ephemeral")
    copies = [copy.copy(each) for each in expected]
    suite = context.suites.add(gx.ExpectationSuite("whole", expectations=copies))
    asset = context.data_sources.add_pandas("rows").add_dataframe_asset("day")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    complete = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
    results = batch.validate(suite, result_format=complete).results
    found = {each.expectation_config.id: each for each in results}
    return [found[each.id] for each in suite.expectations]


@pytest.mark.parametrize("chunk_rows", [100_000, 400], ids=["in one frame", "by columns"])
def test_every_outcome_is_that_of_the_whole_frame(world, day, chunk_rows):
    quality = validate_day(world.monitor, day, world.lake, chunk_rows=chunk_rows)
    whole = of_the_whole(world, day)
    broken = {}
    for mine, theirs in zip(quality.results, whole, strict=True):
        kind = theirs.expectation_config.type
        assert mine["name"] == kind
        assert mine["success"] == theirs.success, kind
        assert mine["checked"] == theirs.result.get("element_count", 0), kind
        assert mine["failed"] == theirs.result.get("unexpected_count", 0), kind
        for row in theirs.result.get("unexpected_index_list") or ():
            broken.setdefault(row, set()).add(mine["rule"])
    assert {result["success"] for result in quality.results} == {True, False}
    kept = world.lake.table("small", QUARANTINE).read(day).to_pylist()
    assert {row["_obs_row"]: set(row[RULES]) for row in kept} == broken
    rules = [result["rule"] for result in quality.results]
    assert all(row[RULES] == sorted(row[RULES], key=rules.index) for row in kept)
    assert [row["_obs_row"] for row in kept] == sorted(broken)


def test_rows_that_all_break_a_rule_are_all_quarantined(world, day):
    world.changes["features"] = {
        "temp": {"type": "number", "max": -1e9},
        "hour": {"type": "integer", "max": -1},
    }
    world.changes["segments"] = []
    world.changes["quality"] = {"max_quarantined_share": 1}
    quality = validate_day(world.monitor, day, world.lake)
    assert quality.quarantined == quality.rows == 400
    assert quality.broken_rules["hour is outside [-∞, -1]"] == 400
    kept = world.lake.table("small", QUARANTINE).read(day)
    assert kept["_obs_row"].to_pylist() == list(range(1, 401))


@pytest.mark.parametrize(
    ("columns", "sizes"),
    [(["temp"], [150, 150, 100]), (["temp", "nowhere"], [150, 150, 100]), (["nowhere"], [150, 150, 100])],
)
def test_chunks_of_few_columns(world, day, columns, sizes):
    with connect() as connection:
        query, personal = log_rows(connection, world.monitor, [day], world.lake), Personal.of(world.monitor)
        rows = DayRows(connection, query, [], 400, 150, personal=personal)
        assert not rows.whole
        frames = list(rows.frames(columns))
    assert [len(frame) for frame in frames] == sizes
    assert {tuple(frame.columns) for frame in frames} == {tuple(name for name in columns if name == "temp")}
    assert [row for frame in frames for row in frame.index] == list(range(1, 401))


def test_chunks_of_all_columns_have_fewer_rows(world, day):
    with connect() as connection:
        query, personal = log_rows(connection, world.monitor, [day], world.lake), Personal.of(world.monitor)
        rows = DayRows(connection, query, ["hour"], 400, 150, personal=personal)
        frames = list(rows.frames(None))
    width = len(frames[0].columns)
    assert {"prediction", "_obs_uncast", "_obs_occurrences_hour"} < set(frames[0].columns)
    assert [len(frame) for frame in frames[:-1]] == [150 * 4 // width] * (len(frames) - 1)
    assert sum(map(len, frames)) == 400


class OneAtATime:
    """Rows whose chunks have to be gone, without a collection of garbage, when the next one is read."""

    whole = False

    def __init__(self, rows):
        self.rows = rows
        self.given = []

    def frames(self, columns):
        for frame in self.rows.frames(columns):
            assert self.held() == 0
            self.given.append(weakref.ref(frame))
            yield frame
            del frame

    def held(self):
        return sum(frame() is not None for frame in self.given)


def test_one_chunk_is_in_memory_at_a_time(world, day):
    expected = [_expectation(each) for each in contract(world.monitor, day, [])]
    expected += _team_expectations(world.root / "suite.json")
    gc.collect()
    gc.disable()
    try:
        with connect() as connection:
            query = log_rows(connection, world.monitor, [day], world.lake)
            personal = Personal.of(world.monitor)
            rows = OneAtATime(DayRows(connection, query, ["hour"], 400, 150, personal=personal))
            outcomes = list(FrameJudge().outcomes(rows, expected))
        assert rows.held() == 0
    finally:
        gc.enable()
    assert len(rows.given) > len(expected)
    assert {outcome.success for outcome in outcomes} == {True, False}

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from obs_dagster.errors import LakeError
from obs_dagster.quality.day import validate_day, validate_days
from obs_dagster.quality.day_rows import RULES
from obs_dagster.quality.expectations import SuiteError
from obs_dagster.quality.refusal import cause, fact
from obs_dagster.quality.validated import QUARANTINE, clean_rows, day_quality
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import ingest_logs

FEATURES = {
    "temp": {"type": "number", "min": -10, "max": 25},
    "hour": {"type": "integer", "nullable": False, "max": 23},
    "carrier": {"type": "category", "allowed": ["AA", "UA", "B6"]},
    "gate": {"type": "category", "allowed": [1, 2]},
    "seat": {"type": "integer", "unique": True},
    "vip": {"type": "boolean", "allowed": [False]},
}
ANY_SHARE = {"max_quarantined_share": 1}


@pytest.fixture
def validated(small, day):
    def run(frame=None, chunk_rows=200_000, **changes):
        world = small(**{"features": FEATURES, "quality": ANY_SHARE} | changes)
        if frame is not None:
            world.log(day, frame)
        ingest_logs(world.monitor, day, world.lake)
        return world, validate_day(world.monitor, day, world.lake, chunk_rows=chunk_rows)

    return run


@pytest.fixture
def broken(small, day):
    """Rows that break every rule, some of them several."""
    n = 300
    rng = np.random.default_rng(5)
    rows = small().rows(day, n).assign(gate=rng.integers(1, 3, n), seat=np.arange(n), vip=False)
    rows["hour"] = rows["hour"].astype(float)
    for column, value in {
        "temp": -10.001,
        "hour": np.nan,
        "carrier": "ZZ",
        "gate": 3,
        "seat": 7,
        "vip": True,
        "score": 1.0001,
        "model": None,
        "id": None,
        "at": pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1),
    }.items():
        rows.loc[rng.choice(n, 8, replace=False), column] = value
    rows.loc[[3, 4], "temp"] = [np.inf, -np.inf]
    rows.loc[[5, 6], "temp"] = np.nan
    rows.loc[9, "hour"] = 3.5
    rows.loc[10, "at"] = pd.NaT
    rows.loc[11, "score"] = np.nan
    rows.loc[[20, 21], "carrier"] = None
    rows["seat"] = rows["seat"].astype("Int64")
    rows.loc[[30, 31], "seat"] = pd.NA
    return rows


def rules_of(rows, day):
    """The same contract, in pandas."""
    begin = pd.Timestamp(day, tz="UTC")
    outside = rows["at"].notna() & ~rows["at"].between(begin, begin + pd.Timedelta(days=1), inclusive="left")
    return {
        "value is not of the declared type": rows["hour"].notna() & (rows["hour"] % 1 != 0),
        "id is missing": rows["id"].isna(),
        "at is missing": rows["at"].isna(),
        "model is missing": rows["model"].isna(),
        "score is missing": rows["score"].isna(),
        f"at is outside {day} (UTC)": outside,
        "score is not between 0 and 1": rows["score"].notna() & ~rows["score"].between(0, 1),
        "temp is outside [-10, 25]": rows["temp"].notna() & ~rows["temp"].between(-10, 25),
        "hour is missing": rows["hour"].isna() | (rows["hour"] % 1 != 0),
        "carrier is not an allowed value": rows["carrier"].notna()
        & ~rows["carrier"].isin(["AA", "UA", "B6"]),
        "gate is not an allowed value": rows["gate"] == 3,
        "seat occurs more than once": rows["seat"].notna() & rows["seat"].duplicated(keep=False),
        "vip is not an allowed value": rows["vip"].astype(bool),
    }


def quarantined(world, day):
    return world.lake.table("small", QUARANTINE).read(day).to_pandas()


@pytest.mark.parametrize("chunk_rows", [200_000, 150])
def test_exactly_the_rows_that_break_a_rule_are_quarantined(validated, broken, day, chunk_rows):
    world, quality = validated(broken, chunk_rows)
    expected = rules_of(broken, day)
    assert all(mask.any() for mask in expected.values())
    kept = quarantined(world, day)
    listed = {row: set(rules) for row, rules in zip(kept["_obs_row"], kept[RULES], strict=True)}
    for row in range(len(broken)):
        wanted = {rule for rule, mask in expected.items() if mask[row]}
        assert listed.get(row + 1, set()) == wanted, row
    assert quality.broken_rules == {
        rule: int(mask.sum())
        for rule, mask in sorted(expected.items(), key=lambda item: (-item[1].sum(), item[0]))
    }
    assert quality.quarantined == len(listed)
    with connect() as connection:
        clean = clean_rows(connection, world.monitor, [day], world.lake).df()
    assert sorted(clean["_obs_row"]) == sorted(set(range(1, len(broken) + 1)) - set(listed))


def test_chunks_give_the_results_of_the_whole(validated, broken, day):
    world, whole = validated(broken)
    part = validate_day(world.monitor, day, world.lake, chunk_rows=70)
    assert part.broken_rules == whole.broken_rules
    assert part.fingerprint == whole.fingerprint
    for mine, theirs in zip(part.results, whole.results, strict=True):
        assert {**mine, "examples": []} == {**theirs, "examples": []}


def test_quarantined_rows_are_whole(validated, small, day):
    rows = small().rows(day, 40).assign(gate=1, seat=range(40), vip=False, note="kept", temp="1.5")
    rows.loc[3, "temp"] = "warm"
    world, quality = validated(rows)
    kept = quarantined(world, day).iloc[0]
    assert (quality.quarantined, kept["id"], kept["note"]) == (1, rows["id"][3], "kept")
    assert json.loads(kept["_obs_raw"])["temp"] == "warm"
    assert quality.evaluated


def test_a_day_of_broken_rows_is_not_evaluated(validated, broken, day):
    share = validated(broken)[1].quarantined_share
    _, quality = validated(broken, quality={"max_quarantined_share": share})
    assert quality.evaluated
    _, refused = validated(broken, quality={"max_quarantined_share": 0.05})
    assert not refused.evaluated
    assert fact(refused.reason) == "76 of 300 rows (25 %) broke the contract, and 5 % are tolerated"
    assert cause(refused.reason) == (
        "temp is outside [-10, 25]: 10 rows, such as inf; seat occurs more than once: 9 rows, such as 9; "
        "at is outside 2024-03-04 (UTC): 8 rows, such as 2024-03-05 00:00:00+00:00; 10 more rules"
    )
    # what follows from the rows has to be computed anew once the day is tolerated
    assert refused.fingerprint != quality.fingerprint


def test_a_missing_feature_fails_its_expectation_and_costs_no_row(validated, small, day):
    world, quality = validated(small().rows(day, 40).assign(gate=1, vip=False).drop(columns="hour"))
    assert (quality.evaluated, quality.quarantined) == (True, 0)
    assert quality.missing_columns == ["hour", "seat"]
    failed = [result for result in quality.results if not result["success"]]
    assert {result["column"] for result in failed} <= {"hour", "seat"}
    with connect() as connection:
        assert "hour" not in clean_rows(connection, world.monitor, [day], world.lake).columns


@pytest.mark.parametrize("column", ["id", "at", "model", "score"])
def test_a_day_without_an_indispensable_column_is_not_evaluated(validated, small, day, column):
    _, quality = validated(
        small().rows(day, 40).assign(gate=1, vip=False, seat=range(40)).drop(columns=column)
    )
    assert not quality.evaluated
    assert fact(quality.reason) == f"the log has no column {column}"
    assert cause(quality.reason) == "none of the 40 rows can be evaluated without"
    assert quality.quarantined == 0


@pytest.mark.parametrize("files", [True, False])
def test_an_empty_day(validated, small, day, files):
    frame = small().rows(day, 5).assign(gate=1, vip=False, seat=range(5))[:0] if files else None
    world, quality = validated(frame)
    assert (quality.evaluated, quality.rows, quality.quarantined_share) == (False, 0, 0.0)
    place = str(world.root / "logs" / f"{day}.")
    told = (
        ("the log has no rows", f"{place}parquet is empty")
        if files
        else ("there is no log file", f"nothing is at {place}*")
    )
    assert (fact(quality.reason), cause(quality.reason)) == told
    assert [result["rule"] for result in quality.results if result["error"]] == []
    assert len(quarantined(world, day)) == 0


def test_quality_comes_back_and_depends_on_the_rows(validated, small, day):
    rows = small().rows(day, 40).assign(gate=1, vip=False, seat=range(40))
    world, quality = validated(rows)
    assert day_quality(world.monitor, day, world.lake) == quality
    assert validate_day(world.monitor, day, world.lake) == quality
    world.log(day, rows.assign(hour=99))
    ingest_logs(world.monitor, day, world.lake)
    assert validate_day(world.monitor, day, world.lake).fingerprint != quality.fingerprint


@pytest.mark.parametrize("kind", ["number", "integer", "category"])
@pytest.mark.parametrize("gaps", [False, True])
def test_allowed_numbers_are_compared_as_the_lake_has_them(validated, small, day, kind, gaps):
    rows = small().rows(day, 40).assign(gate=[1, 2, 3, 4] * 10)
    if gaps:
        rows["gate"] = rows["gate"].where(rows.index % 5 > 0)
    features = {"gate": {"type": kind, "allowed": [1, 2, 4]}, "carrier": {"type": "category"}}
    _, quality = validated(rows, features=features)
    assert quality.broken_rules == {"gate is not an allowed value": (rows["gate"] == 3).sum()}


def test_days_together_are_what_each_is_alone(validated, broken, small, day):
    days = [day + dt.timedelta(days=offset) for offset in range(4)]
    world, first = validated(broken)
    world.log(days[1], small().rows(days[1], 30).assign(gate=1, vip=False, seat=range(30)))
    world.log(days[2], broken.drop(columns="hour"))
    for each in days[1:]:
        ingest_logs(world.monitor, each, world.lake)
    found = dict(validate_days(world.monitor, days, world.lake))
    assert list(found) == days
    assert found[day] == first
    assert [quality.rows for quality in found.values()] == [300, 30, 300, 0]
    # the third day's rows are of the first
    assert found[days[2]].broken_rules[f"at is outside {days[2]} (UTC)"] > 250
    together = world.state()
    assert {each: validate_day(world.monitor, each, world.lake) for each in days} == found
    assert world.state() == together


def test_a_day_that_was_not_ingested_or_validated_is_an_error(small, day):
    world = small()
    with pytest.raises(LakeError, match="has not been ingested"):
        validate_day(world.monitor, day, world.lake)
    assert day_quality(world.monitor, day, world.lake) is None
    with connect() as connection, pytest.raises(LakeError, match="has not been validated"):
        clean_rows(connection, world.monitor, [day], world.lake)


def test_the_days_of_a_time_zone(small, day):
    world = small(time_zone="America/New_York", quality=ANY_SHARE)
    rows = world.rows(day, 4)
    rows["at"] = pd.to_datetime(
        ["2024-03-04 04:59:59", "2024-03-04 05:00", "2024-03-05 04:59:59.999999", "2024-03-05 05:00"],
        format="ISO8601",
        utc=True,
    )
    world.log(day, rows)
    ingest_logs(world.monitor, day, world.lake)
    validate_day(world.monitor, day, world.lake)
    assert quarantined(world, day)["_obs_row"].tolist() == [1, 4]


@pytest.fixture
def suite(small):
    def write(*expectations):
        (small().root / "suite.json").write_text(
            json.dumps({"name": "team", "expectations": list(expectations), "meta": {}})
        )
        return {"quality": {"suite": "suite.json", "max_quarantined_share": 1}}

    return write


def test_a_team_s_own_suite_is_validated_too(validated, small, day, suite):
    changes = suite(
        {
            "type": "expect_column_values_to_match_regex",
            "kwargs": {"column": "carrier", "regex": "^[AU]A$"},
            "meta": {"rule": "carrier is not American or United"},
        },
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "score", "max_value": 0.9}},
        {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1000}},
        {"type": "expect_column_to_exist", "kwargs": {"column": "nowhere"}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "nowhere"}},
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": {"$PARAMETER": "30 * 2"}}},
    )
    rows = small().rows(day, 60)
    world, quality = validated(rows, features={"carrier": {"type": "category"}}, **changes)
    regex, between, count, exist, nowhere, computed = quality.results[-6:]
    assert {result["origin"] for result in quality.results[-6:]} == {"suite"}
    assert regex["rule"] == "carrier is not American or United"
    assert regex["failed"] == (rows["carrier"] == "B6").sum()
    assert between["failed"] == (rows["score"] > 0.9).sum()
    assert (count["success"], exist["success"], nowhere["success"]) == (False, False, False)
    assert "nowhere" in nowhere["error"]
    assert (computed["success"], computed["error"]) == (True, "")
    assert len(quarantined(world, day)) == ((rows["carrier"] == "B6") | (rows["score"] > 0.9)).sum()


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"name": "x"}', '{"expectations": [{"type": "expect_nonsense"}]}', None]
)
def test_an_unreadable_suite_is_named(validated, small, day, suite, text):
    changes = suite()
    path = small().root / "suite.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(SuiteError, match=r"suite\.json"):
        validated(small().rows(day, 5), features={"carrier": {"type": "category"}}, **changes)

import datetime as dt
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from obs_dagster.errors import LakeError
from obs_dagster.evaluation.drift_records import drift_records
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.profiling import reduce_outcomes_of, stale_outcomes
from obs_dagster.evaluation.service_records import service_records
from obs_dagster.evaluation.windows import day_profile, later_days, outcome_windows, profile_windows
from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import Profile
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels
from obs_dagster.tasks.binary.outcomes import OUTCOMES, outcome_counts
from obs_dagster.tasks.outcomes import OutcomeProfile

ONE = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def three_nights(small_at, day):
    """Makes a world after three nights, the third day without a log, the fourth with one."""

    def run(root, **changes):
        world = small_at(root, **{"windows": [1, 3]} | changes)
        world.train("1")
        for offset in (0, 1, 3):
            rows = world.rows(day + offset * ONE)
            world.log(day + offset * ONE, rows)
            world.labels(f"{offset}.parquet", rows[::2], day=day + offset * ONE)
        for offset in (0, 1, 3):
            world.night(day + offset * ONE)
        return world

    return run


@pytest.fixture
def nights(tmp_path, three_nights):
    """Makes such a world of the test's own."""
    return lambda **changes: three_nights(tmp_path, **changes)


@pytest.fixture(scope="module")
def done(three_nights, tmp_path_factory):
    """Such a world, to be read only."""
    return three_nights(tmp_path_factory.mktemp("done"))


def test_windows_are_their_days_merged(done, day):
    world = done
    night = world.tonight
    last = day + 3 * ONE
    windows = {window.lengths: window for window in profile_windows(night, last)}
    assert {lengths: window.days for lengths, window in windows.items()} == {(1,): 1, (3,): 2}
    parts = [day_profile(night, each) for each in (day + ONE, last)]
    assert windows[3,].profile.table.equals(Profile.merged(parts, night.grids).table)
    assert windows[3,].profile.rows("1") == 400
    outcomes = {window.lengths: window for window in outcome_windows(night, last, OUTCOMES)}
    tables = [
        OutcomeProfile(world.lake.table("small", "outcomes").read(each), OUTCOMES)
        for each in (day + ONE, last)
    ]
    assert outcomes[3,].profile.table.equals(OutcomeProfile.merged(tables, OUTCOMES).table)
    assert outcome_counts(outcomes[3,].profile.cell("1", "*")).n == 200


def test_a_first_day_is_evaluated_once_for_all_windows(done, day):
    world = done
    windows = list(profile_windows(world.tonight, day))
    assert [window.lengths for window in windows] == [(1, 3)]


def test_later_days_are_those_whose_windows_hold_a_day(done, day):
    world = done
    table = world.tonight.profiles
    assert later_days(table, world.monitor, {day}) == {day, day + ONE}
    assert later_days(table, world.monitor, {day + ONE}) == {day + ONE, day + 3 * ONE}
    assert later_days(table, world.monitor, {day + 2 * ONE}) == {day + 3 * ONE}
    assert later_days(table, world.monitor, set()) == set()


@pytest.mark.parametrize(
    "baseline",
    [
        {"kind": "training", "path": "training/{version}.parquet"},
        {"kind": "days", "first": "2024-03-04", "last": "2024-03-05"},
        {"kind": "rolling", "days": 3, "min_days": 1, "gap_days": 1},
    ],
    ids=["training", "days", "rolling"],
)
def test_every_kind_of_baseline_gives_drift(nights, day, baseline):
    world = nights(baseline=baseline)
    records = list(drift_records(world.tonight, day + 3 * ONE))
    psi = {
        (each.column, each.window): each for each in records if each.metric == "psi" and each.segment == "*"
    }
    assert {column for column, _ in psi} == {"temp", "hour", "carrier", "score", "prediction"}
    assert all(each.value is not None and each.value < 0.5 for each in psi.values())


def test_a_version_without_a_baseline_says_so(nights, day):
    world = nights()
    rows = pd.concat([world.rows(day, 50), world.rows(day, 50, version="new/..'")])
    world.log(day, rows)
    records = [each for each in world.night(day) if each.version == "new/..'" and each.metric == "psi"]
    assert records
    assert {(each.value, each.low, each.reason) for each in records} == {
        (
            None,
            None,
            "no baseline: there are no training rows of version new/..' at training/new/..'.parquet",
        )
    }


def test_the_first_rolling_night_has_nothing_to_compare_with(small, day):
    world = small(baseline={"kind": "rolling", "days": 3, "min_days": 1, "gap_days": 1})
    world.log(day)
    drift = [each for each in world.night(day) if each.metric == "psi"]
    assert {each.reason for each in drift} == {
        "no baseline: version 1 has no rows on the 3 days to 2024-03-03"
    }


def test_outcomes_are_stale_after_labels_or_rows_change_and_only_then(nights, day):
    world = nights()
    monitor, lake = world.monitor, world.lake
    days = world.tonight.profiles.days()
    assert stale_outcomes(world.tonight, days) == set()
    ingest_labels(monitor, lake)
    assert stale_outcomes(world.tonight, days) == set()
    rows = world.rows(day + ONE)
    world.labels("late.parquet", rows[1:4:2], day=day + ONE)
    ingest_labels(monitor, lake)
    assert stale_outcomes(world.tonight, days) == {day + ONE}
    [(late, outcomes)] = reduce_outcomes_of(world.tonight, [day + ONE])
    assert (late, outcome_counts(outcomes.cell("1", "*")).n) == (day + ONE, 102)
    world.log(day, world.rows(day, 150))
    ingest_logs(monitor, day, lake)
    validate_day(monitor, day, lake)
    assert stale_outcomes(world.tonight, days) == {day}
    list(reduce_outcomes_of(world.tonight, [day]))
    assert stale_outcomes(world.tonight, days) == set()


def test_evaluating_twice_gives_equal_records(done, day):
    world = done
    last = day + 3 * ONE
    for family in (drift_records, performance_records, service_records):
        once, again = (list(family(world.tonight, last)) for _ in range(2))
        assert once == again
        assert once
        assert len({each.key for each in once}) == len(once)


def test_counts_on_a_grid_of_an_older_version_say_how_to_go_on(nights, day):
    world = nights()
    grids = world.lake.folder("small", "baseline") / "grids.json"
    document = json.loads(grids.read_text())
    grids.write_text(json.dumps(document | {"score": {"kind": "UnitGrid", "bins": 10_000}}))
    with pytest.raises(LakeError, match="score was counted on a UnitGrid") as refused:
        world.night(day)
    for folder in ("baseline", "profile", "outcomes"):
        assert folder in refused.value.remedy
        shutil.rmtree(world.lake.folder("small", folder))
    [auc] = [
        each
        for each in world.night(day)
        if each.metric == "roc_auc" and each.segment == "*" and each.window == 1
    ]
    assert auc.value is not None
    assert json.loads(grids.read_text()) == document


def test_profiles_on_other_grids_are_not_added_up(nights, day):
    world = nights()
    grids = world.lake.folder("small", "baseline") / "grids.json"
    other = Grids(world.tonight.grids.columns | {"temp": AsinhGrid(centre=0.0, scale=2.0)})
    grids.write_text(json.dumps(other.to_json()))
    with pytest.raises(LakeError, match=r"other grids than the baseline has now: those of temp\.") as caught:
        list(profile_windows(world.tonight, day + ONE))
    assert f"obs backfill small --from {world.monitor.start} --to" in caught.value.remedy


def test_a_feature_that_the_monitor_gains_is_counted_from_then_on(small, day):
    features = {"temp": {"type": "number"}, "carrier": {"type": "category"}}
    world = small(windows=[1, 3], features=features)
    world.train("1")
    for offset in range(3):
        world.log(day + offset * ONE)
    for offset in range(2):
        world.night(day + offset * ONE)
    world.changes["features"] = features | {"hour": {"type": "integer"}}
    found = [each for each in world.night(day + 2 * ONE) if each.metric == "psi" and each.segment == "*"]
    rows = {(each.column, each.window): each.n for each in found}
    assert rows["hour", 1] == rows["hour", 3] == rows["temp", 1]
    assert rows["temp", 3] == 3 * rows["temp", 1]


def test_values_that_replace_those_of_the_first_baseline_are_compared_by_name(small, day):
    world = small(baseline={"kind": "rolling", "days": 2, "min_days": 1, "gap_days": 1}, windows=[1])
    carriers = [["AA", "UA"], ["AA", "UA"], ["x", "y"], ["x", "y"], ["x", "y"], ["p", "q"]]
    psi, volume = {}, {}
    for offset, names in enumerate(carriers):
        rows = world.rows(day + offset * ONE)
        world.log(day + offset * ONE, rows.assign(carrier=[names[place % 2] for place in range(len(rows))]))
        for record in world.night(day + offset * ONE):
            if record.metric == "psi" and record.column == "carrier":
                psi[offset] = record
            if record.metric == "volume":
                volume[offset, record.segment] = record.value
    # two values that hold half of the rows each are replaced by two others
    gone = 2 * 2 * (0.5 - 1e-4) * np.log(0.5 / 1e-4)
    assert [psi[offset].value for offset in (2, 4, 5)] == pytest.approx([gone, 0.0, gone])
    assert psi[2].error == 0
    assert volume[2, "carrier=x"] == 100
    assert volume[5, "carrier=q"] == 100


def test_a_later_version_trained_on_new_values_has_its_own_cells(nights, day):
    world = nights()
    later = day + 4 * ONE
    training = world.rows(dt.date(2024, 1, 1), 300, version="2", seed=7).assign(carrier="new")
    world.write("training/2.parquet", training)
    world.log(later, world.rows(later, version="2").assign(carrier="new"))
    records = {
        (each.metric, each.segment, each.column, each.window): each
        for each in world.night(later)
        if each.version == "2"
    }
    assert records["psi", "*", "carrier", 1].value == 0
    assert records["psi", "carrier=new", "score", 1].value is not None
    assert records["volume", "carrier=new", "", 1].value == 200

"""What is derived is made again where it is damaged, and what is gone is said to be gone."""

import datetime as dt
import shutil

import pytest

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.baselines.stored import baseline_folder, baseline_profile
from obs_dagster.errors import LakeError
from obs_dagster.evaluation.profiling import (
    damaged_profiles,
    profile_days,
    reduce_outcomes_of,
    stale_outcomes,
)
from obs_dagster.evaluation.windows import day_profile
from obs_dagster.profile.tables import OUTCOMES, PROFILES
from obs_dagster.quality.day import validate_days
from obs_dagster.quality.validated import QUARANTINE, damaged_days, day_quality

ONE = dt.timedelta(days=1)
BASELINES = ({"kind": "training", "path": "training/{version}.parquet"}, {"kind": "days"})
DAMAGES = {
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-20]),
    "empty": lambda file: file.write_bytes(b""),
    "text": lambda file: file.write_text("not a table"),
}


@pytest.fixture(scope="module", params=BASELINES, ids=lambda each: each["kind"])
def evaluated(small_at, day, request, tmp_path_factory):
    """Three nights of a model, a copy of its lake, and what the last night said."""
    span = {"first": str(day), "last": str(day + 2 * ONE)} if request.param["kind"] == "days" else {}
    made = small_at(tmp_path_factory.mktemp("world"), baseline=request.param | span)
    if not span:
        made.train("1")
    for each in (day, day + ONE, day + 2 * ONE):
        rows = made.rows(each)
        made.log(each, rows)
        made.labels(f"{each}.parquet", rows, day=each)
        said = made.night(each)
    kept = tmp_path_factory.mktemp("kept") / "lake"
    shutil.copytree(made.lake.root, kept)
    return made, kept, {each.key: each.value for each in said}


@pytest.fixture
def world(evaluated):
    """A model after three nights; its lake is as it was for every test."""
    made, kept, _ = evaluated
    shutil.rmtree(made.lake.root)
    shutil.copytree(kept, made.lake.root)
    return made


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("table", [QUARANTINE, PROFILES, OUTCOMES])
def test_running_heals_what_is_derived(world, evaluated, day, table, damage):
    *_, before = evaluated
    content = world.lake.table("small", table).read(day + ONE)
    DAMAGES[damage](world.lake.table("small", table).path(day + ONE))
    # the stages of a later night, as far as they are about other days
    monitor, lake = world.monitor, world.lake
    dict(validate_days(monitor, damaged_days(monitor, lake), lake))
    prepare_baseline(monitor, lake)
    dict(profile_days(world.tonight, damaged_profiles(world.tonight)))
    night = world.tonight
    dict(reduce_outcomes_of(night, stale_outcomes(night, night.profiles.days())))
    after = {each.key: each.value for each in world.night(day + 2 * ONE)}
    assert after == before
    assert world.lake.table("small", table).read(day + ONE).equals(content)


def test_what_was_not_healed_yet_says_what_to_run(world, day):
    world.lake.table("small", PROFILES).path(day).write_bytes(b"")
    with pytest.raises(LakeError, match=r"not a readable Parquet file") as raised:
        day_profile(world.tonight, day)
    assert f"Run the day {day} again" in str(raised.value.remedy)
    world.lake.table("small", QUARANTINE).path(day).write_bytes(b"")
    assert day_quality(world.monitor, day, world.lake) is None


def test_a_version_that_leaves_the_training_data_is_not_compared_with_its_old_one(small, day):
    world = small()
    world.train("1")
    world.log(day)
    assert {each.value is None for each in world.night(day) if each.metric == "psi"} == {False}
    (world.root / "training" / "1.parquet").rename(world.root / "training" / "2.parquet")
    records = [each for each in world.night(day) if each.metric == "psi"]
    assert {(each.value, each.reason) for each in records} == {
        (None, "no baseline: there are no training rows of version 1 at training/1.parquet")
    }
    assert sorted(folder.name for folder in baseline_folder(world.monitor, world.lake).iterdir()) == [
        "grids.json",
        "version=2",
    ]
    (world.root / "training" / "2.parquet").rename(world.root / "training" / "1.parquet")
    assert {each.value is None for each in world.night(day) if each.metric == "psi"} == {False}


@pytest.fixture
def gone(small, day):
    """A baseline of two days that no night ran, whose first day has left the log since."""
    world = small(baseline={"kind": "days", "first": str(day), "last": str(day + ONE)})
    world.log(day)
    world.log(day + ONE)
    prepare_baseline(world.monitor, world.lake)
    next((world.root / "logs").glob(f"{day}*")).unlink()
    return world


def test_a_feature_that_is_gained_leaves_a_day_in_whose_source_is_gone(gone, day):
    gone.changes["features"] = gone.monitor.model_dump()["features"] | {"gate": {"type": "category"}}
    found = prepare_baseline(gone.monitor, gone.lake)
    assert ([part.day for part in found.days], dict(found.lost)) == ([day, day + ONE], {})
    profile = baseline_profile(gone.monitor, "1", gone.lake, gone.tonight.grids)
    assert profile.counts("1", "*", "temp").rows == profile.rows("1") == 400


@pytest.mark.parametrize("lost", ["grids", "counts"])
def test_a_day_that_cannot_be_counted_any_more_is_said_to_be_lost(gone, day, lost):
    if lost == "grids":
        shutil.rmtree(baseline_folder(gone.monitor, gone.lake))
    else:
        gone.lake.table("small", "baseline_profile").path(day).write_bytes(b"")
    for _ in range(2):
        found = prepare_baseline(gone.monitor, gone.lake)
        assert [part.day for part in found.days] == [day + ONE]
        assert lost in found.lost[day]
        assert "its source" in found.lost[day]

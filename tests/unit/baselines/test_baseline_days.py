"""Baselines of the log's own days: from stored profiles where there are, and by the rules of a night."""

import datetime as dt
import shutil

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest

from obs_dagster.baselines import prepared
from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.baselines.stored import baseline_profile, baseline_sample, load_grids
from obs_dagster.baselines.summing import added_up
from obs_dagster.errors import LakeError, SourceError
from obs_dagster.evaluation.profiling import profile_days
from obs_dagster.lake.lake import Lake
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.profile import SCHEMA, Profile
from obs_dagster.profile.reduction import reduce_rows
from obs_dagster.profile.tables import PROFILES
from obs_dagster.quality.day import validate_day
from obs_dagster.quality.validated import clean_rows
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import ingest_logs

ONE = dt.timedelta(days=1)
SUMS = ("total", "total_sq", "minimum", "maximum")
FEATURES = {
    "temp": {"type": "number", "min": -50, "max": 60},
    "hour": {"type": "integer"},
    "carrier": {"type": "category"},
}


@pytest.fixture
def world(small, day):
    """Makes a world of four days, each with a duplicate and a broken row; version 2 is new on the second."""

    def make(folder="ours", **changes):
        world = small(folder, **{"features": FEATURES, "baseline": days_of(day)} | changes)
        for offset in range(4):
            world.log(day + offset * ONE, logged(world, day + offset * ONE, 2 if offset else 1))
        return world

    return make


def days_of(day, days=3):
    return {"kind": "days", "first": str(day), "last": str(day + (days - 1) * ONE)}


def logged(world, day, versions):
    rows = pd.concat([world.rows(day, 150, version=str(1 + number)) for number in range(versions)])
    rows = pd.concat([rows, rows.iloc[[7]].assign(temp=11.5)], ignore_index=True)
    rows.loc[3, "temp"] = 1000.0
    return rows


def nights(world, day, days=3):
    """Nights whose own baseline is a rolling window, so that only they have read rows."""
    named = world.changes["baseline"]
    world.changes["baseline"] = {"kind": "rolling", "days": 3, "min_days": 1}
    for offset in range(days):
        world.night(day + offset * ONE)
    world.changes["baseline"] = named


def origins(prepared):
    return [each.origin for each in prepared.days]


def alike(one, other):
    """Exact counts; sums as far as the order of addition goes."""
    counts = [table.cast(SCHEMA).drop_columns(SUMS) for table in (one, other)]
    assert counts[0].equals(counts[1])
    for name in SUMS:
        pairs = [table[name].to_numpy(zero_copy_only=False) for table in (one, other)]
        np.testing.assert_allclose(pairs[0], pairs[1], rtol=1e-9)


def baseline_of(world, version):
    return baseline_profile(world.monitor, version, world.lake, load_grids(world.monitor, world.lake))


def same_baselines(one, other, versions=("1", "2")):
    for version in versions:
        alike(*(baseline_of(world, version).table for world in (one, other)))
        ids = [
            baseline_sample(world.monitor, version, world.lake)["id"].to_pylist() for world in (one, other)
        ]
        assert ids[0] == ids[1]


def stamps(world):
    return {path: path.stat().st_mtime_ns for path in world.lake.root.rglob("*") if path.is_file()}


def test_stored_profiles_are_merged_and_no_file_of_the_log_is_needed(world, day):
    ours = world()
    nights(ours, day)
    shutil.rmtree(ours.root / "logs")
    found = prepare_baseline(ours.monitor, ours.lake)
    assert origins(found) == ["stored profile"] * 3
    assert {each.version: each.rows for each in found.versions} == {"1": 447, "2": 300}
    days = [day + offset * ONE for offset in range(3)]
    with connect() as connection:
        rows = clean_rows(connection, ours.monitor, days, ours.lake)
        reduced = reduce_rows(nw.from_native(rows), ours.monitor, found.grids).table
        clean = rows.df()
    for version in ("1", "2"):
        profile = baseline_of(ours, version)
        alike(profile.table, reduced.filter(pc.field("version") == version))
        sample = baseline_sample(ours.monitor, version, ours.lake).to_pandas()
        assert set(sample["id"]) == set(clean["id"][clean["model"] == version])
        assert sample["temp"].max() < 60
        # of the rows with one id the later one counts
        assert sample["id"].is_unique
    assert (baseline_sample(ours.monitor, "1", ours.lake).to_pandas()["temp"] == 11.5).sum() == 3


def test_days_of_the_log_alone_keep_the_rules_of_a_night(world, day):
    ours, theirs = world(), world("theirs")
    found = prepare_baseline(ours.monitor, ours.lake)
    assert origins(found) == ["rows of the log"] * 3
    nights(theirs, day)
    # the grids of a night's first baseline follow the days before it; ours shall be the same
    target = theirs.lake.root / "small/baseline/grids.json"
    target.write_bytes((ours.lake.root / "small/baseline/grids.json").read_bytes())
    list(profile_days(theirs.tonight, [day + offset * ONE for offset in range(3)]))
    assert origins(prepare_baseline(theirs.monitor, theirs.lake)) == ["stored profile"] * 3
    same_baselines(ours, theirs)
    # nothing of a night is left where there was none
    tables = {path.name for path in (ours.lake.root / "small").iterdir()}
    assert tables == {"baseline", "baseline_rows", "baseline_profile"}


def test_grids_follow_clean_rows(small, day):
    worlds = [small(folder, features=FEATURES, baseline=days_of(day, 1)) for folder in ("broken", "clean")]
    rows = worlds[0].rows(day, 400)
    extremes = rows.iloc[:60].assign(id=[f"x{number}" for number in range(60)], temp=5000.0)
    worlds[0].log(day, pd.concat([rows, extremes]))
    worlds[0].changes["quality"] = {"max_quarantined_share": 0.5}
    worlds[1].log(day, rows)
    ids = [prepare_baseline(world.monitor, world.lake).grids.id for world in worlds]
    assert ids[0] == ids[1]


def test_the_same_again_writes_nothing(world, day):
    ours = world()
    nights(ours, day, 2)
    first = prepare_baseline(ours.monitor, ours.lake)
    assert origins(first) == ["stored profile", "stored profile", "rows of the log"]
    before = stamps(ours)
    assert prepare_baseline(ours.monitor, ours.lake) == first
    assert stamps(ours) == before


def test_a_night_that_comes_later_changes_no_baseline(world, day):
    ours = world()
    first = prepare_baseline(ours.monitor, ours.lake)
    before = {path: at for path, at in stamps(ours).items() if "version=" in str(path)}
    for offset in range(3):
        ours.night(day + offset * ONE)
    again = prepare_baseline(ours.monitor, ours.lake)
    assert origins(again) == ["stored profile"] * 3
    assert again.versions == first.versions
    assert {path: at for path, at in stamps(ours).items() if "version=" in str(path)} == before
    assert not ours.lake.table("small", "baseline_profile").days()


@pytest.mark.parametrize("stored", [True, False])
def test_a_changed_day_changes_the_versions_that_it_has(world, day, stored):
    ours = world()
    if stored:
        nights(ours, day)
    first = prepare_baseline(ours.monitor, ours.lake)
    more = pd.concat([logged(ours, day, 1), ours.rows(day, 20, seed=4)])
    ours.log(day, more)
    if stored:
        assert prepare_baseline(ours.monitor, ours.lake) == first
        nights(ours, day, 1)
    second = prepare_baseline(ours.monitor, ours.lake)
    assert [each.rows for each in second.versions] == [467, 300]
    assert second.versions[0].fingerprint != first.versions[0].fingerprint
    assert second.versions[1] == first.versions[1]
    assert [old.content == new.content for old, new in zip(first.days, second.days, strict=True)] == [
        False,
        True,
        True,
    ]


def test_a_day_whose_log_is_gone_stays_in_the_baseline(world, day):
    ours = world()
    first = prepare_baseline(ours.monitor, ours.lake)
    (ours.root / f"logs/{day}.parquet").unlink()
    assert prepare_baseline(ours.monitor, ours.lake) == first


def test_rows_of_the_lake_are_reduced_where_a_profile_has_other_segments(world, day):
    ours, theirs = world(segments=[]), world("theirs", segments=["carrier"])
    for each in (ours, theirs):
        nights(each, day)
    ours.changes["segments"] = ["carrier"]
    shutil.rmtree(ours.root / "logs")
    found = prepare_baseline(ours.monitor, ours.lake)
    assert origins(found) == ["rows of the lake"] * 3
    assert origins(prepare_baseline(theirs.monitor, theirs.lake)) == ["stored profile"] * 3
    same_baselines(ours, theirs)


@pytest.mark.parametrize("kind", ["integer", "category"])
def test_a_feature_that_the_monitor_gains_is_in_the_baseline(world, day, kind):
    ours = world(features={name: FEATURES[name] for name in ("temp", "carrier")})
    nights(ours, day)
    ours.changes["features"] = FEATURES | {"hour": {"type": kind}}
    found = prepare_baseline(ours.monitor, ours.lake)
    assert origins(found) == ["rows of the lake"] * 3
    counts = baseline_of(ours, "1").counts("1", "*", "hour").counts
    if kind == "category":
        assert {int(value) for value in counts} == set(range(24))
        assert sum(counts.values()) == 447
    else:
        assert (len(counts), counts.sum()) == (24, 447)


def test_a_day_that_was_ingested_but_not_validated_is_read_from_the_log(world, day):
    ours = world()
    nights(ours, day)
    ours.log(day, ours.rows(day, 30, seed=2))
    ingest_logs(ours.monitor, day, ours.lake)
    found = prepare_baseline(ours.monitor, ours.lake)
    assert origins(found) == ["rows of the log", "stored profile", "stored profile"]
    assert found.days[0].rows == {"1": 30}


def test_a_day_that_is_not_evaluated_is_not_in_the_baseline(world, day):
    ours, theirs = world(), world("theirs")
    for each in (ours, theirs):
        each.log(day + ONE, logged(each, day + ONE, 2).assign(temp=99.0))
    nights(theirs, day)
    for each in (ours, theirs):
        found = prepare_baseline(each.monitor, each.lake)
        assert [part.day for part in found.days] == [day, day + 2 * ONE]
        assert [version.rows for version in found.versions] == [298, 150]
    ours.changes["baseline"] = {"kind": "days", "first": str(day + ONE), "last": str(day + ONE)}
    other = Lake(ours.root / "other")
    with pytest.raises(LakeError, match=r"no rows to fit its grids to: .* rows broke the contract"):
        prepare_baseline(ours.monitor, other)


def test_days_that_are_no_longer_named_are_forgotten(world, day):
    ours = world()
    prepare_baseline(ours.monitor, ours.lake)
    ours.changes["baseline"] = days_of(day + 2 * ONE, 2)
    found = prepare_baseline(ours.monitor, ours.lake)
    for name in ("baseline_rows", "baseline_profile"):
        assert ours.lake.table("small", name).days() == [day + 2 * ONE, day + 3 * ONE]
    assert [each.rows for each in found.versions] == [298, 300]


def test_rows_in_place_are_named_when_they_changed(world, day):
    ours = world()
    ours.changes["logs"] = ours.monitor.logs.model_dump(exclude_none=True) | {"in_place": True}
    ours.log(day, ours.rows(day, 40))
    nights(ours, day)
    ours.log(day, ours.rows(day, 41))
    with pytest.raises(SourceError, match=f"{day}.parquet has changed"):
        prepare_baseline(ours.monitor, ours.lake)


def test_the_grids_of_a_rolling_baseline_follow_the_days_of_the_lake(world, day):
    ours, theirs = (
        world(name, baseline={"kind": "rolling", "days": 3, "min_days": 1}) for name in ("ours", "theirs")
    )
    for offset in range(3):
        ingest_logs(ours.monitor, day + offset * ONE, ours.lake)
        validate_day(ours.monitor, day + offset * ONE, ours.lake)
    shutil.rmtree(ours.root / "logs")
    found = [prepare_baseline(each.monitor, each.lake) for each in (ours, theirs)]
    assert found[0].grids.id == found[1].grids.id
    assert found[0].days == found[1].days == ()
    assert not ours.lake.table("small", PROFILES).days()


@pytest.mark.parametrize("at_least", [1, 10**9])
def test_counts_add_up_in_parts(world, day, at_least):
    ours = world()
    nights(ours, day)
    grids = load_grids(ours.monitor, ours.lake)
    tables = [ours.lake.table("small", PROFILES).read(day + offset * ONE) for offset in range(3)]
    whole = Profile.merged([Profile(table, grids) for table in tables], grids).table
    alike(added_up(iter(tables), at_least=at_least), whole)
    assert added_up(iter([])).equals(SCHEMA.empty_table())


def test_rows_that_come_while_grids_are_fitted_are_counted_by_the_next_run(world, day, monkeypatch):
    ours = world(start=str(day + 3 * ONE))

    def fit_slowly(rows, monitor):
        found = fit_grids(rows, monitor)
        ours.log(day, ours.rows(day, 500))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(prepared, "fit_grids", fit_slowly)
        first = prepare_baseline(ours.monitor, ours.lake).days[0]
    assert first.rows == {"1": 149}
    assert prepare_baseline(ours.monitor, ours.lake).days[0].rows == {"1": 500}

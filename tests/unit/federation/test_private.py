"""A day with noise: each row in one bucket of each histogram, totals that fit, an account of each day."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from obs_dagster.errors import ObsError
from obs_dagster.federation.buckets import NumberBuckets, bins_of
from obs_dagster.federation.exporting import export_days
from obs_dagster.federation.ledger import spent
from obs_dagster.federation.noise import Noise
from obs_dagster.federation.private import Shares, noised_outcomes, noised_profile, sendable
from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.reduction import reduce_rows
from obs_dagster.sites.package import read_package
from tests.unit.profile.test_reduction import CHANGES, lazy, rows_of

NOW = dt.datetime(2024, 3, 8, tzinfo=dt.UTC)


def exact(counts, noise):
    """No noise, to see what is made of counts."""
    del noise
    return counts


class Recorded:
    """Keeps what is to get noise."""

    def __init__(self):
        self.histograms = []

    def __call__(self, counts, noise):
        self.histograms.append((counts.copy(), noise))
        return counts


@pytest.mark.parametrize(
    "grid", [AsinhGrid(3.0, 2.0), AsinhGrid(0.0, 1.0, exact=(0.0, 1.0, 7.5)), ScoreGrid()]
)
def test_buckets_cover_the_line_and_stand_where_they_are(grid):
    buckets = NumberBuckets.of(grid)
    values = np.concatenate([np.linspace(-200, 200, 801), [1e9, -1e9]])
    if isinstance(grid, ScoreGrid):
        values = np.linspace(0, 1, 501)
    rows = [{"kind": "bin", "key": float(key)} for key in bins_of(grid, values)]
    places = buckets.places(rows)
    assert places == sorted(places) or isinstance(grid, AsinhGrid)
    assert all(place is not None for place in places)
    # what stands for a bucket is in it
    line = [(place, each) for place, each in enumerate(buckets.listed) if each.kind == "bin"]
    assert buckets.places([{"kind": "bin", "key": each.key} for _, each in line]) == [
        place for place, _ in line
    ]
    assert buckets.places([{"kind": "moments", "key": None}]) == [None]


@pytest.fixture
def counted(small, day):
    """A profile of 900 rows, and what it is of."""
    world = small(**CHANGES)
    frame = lazy(rows_of(900, seed=3))
    grids = fit_grids(frame, world.monitor)
    return world.monitor, grids, reduce_rows(frame, world.monitor, grids)


def test_each_row_is_in_one_bucket_of_each_histogram(counted):
    monitor, grids, profile = counted
    recorded = Recorded()
    table, quarantined = noised_profile(profile.table, 5, monitor, grids, Noise(1.0), recorded)
    assert quarantined == 5
    rows = {version: profile.rows(version) for version in profile.versions()}
    [(of_rows, _), *columns] = recorded.histograms
    assert of_rows.tolist() == [*(rows[each] for each in sorted(rows)), 5]
    # one share for the rows, one for each column, and all of a version's rows are in each
    outcomes = sendable(monitor) is not None
    per_version = Shares.of(monitor, 1.0).histograms - 1 - outcomes
    expected = [rows[each] for each in sorted(rows) for _ in range(per_version)]
    assert [int(counts.sum()) for counts, _ in columns] == expected
    found = Profile(table, grids)
    for version, n in rows.items():
        assert found.rows(version) == n
        for column in grids.columns:
            before, after = (each.counts(version, "*", column) for each in (profile, found))
            assert after.nulls == before.nulls


def test_counts_with_noise_fit_and_are_near_those_of_rows(counted):
    monitor, grids, profile = counted
    rng = np.random.default_rng(7)

    def drawn(counts, noise):
        return (
            counts
            + rng.geometric(1 - np.exp(-noise.epsilon), len(counts))
            - rng.geometric(1 - np.exp(-noise.epsilon), len(counts))
        )

    table, _ = noised_profile(profile.table, 0, monitor, grids, Noise(2.0), drawn)
    assert pc.min(table["n"]).as_py() >= 0
    found = Profile(table, grids)
    for version in found.versions():
        total = found.rows(version)
        assert abs(total - profile.rows(version)) <= Noise(2.0).within(1 - 1e-9)
        sums = table.filter(pc.and_(pc.equal(table["version"], version), pc.not_equal(table["column"], "")))
        by_column = sums.group_by("column").aggregate([("n", "sum")]).to_pylist()
        assert {each["n_sum"] for each in by_column} == {total}
    assert pc.all(pc.equal(table["segment"], "*")).as_py()


def test_outcomes_are_of_all_rows_and_none_beyond_the_threshold(small, day):
    world = small()
    world.train("1")
    world.log(day)
    world.labels("a.parquet", world.rows(day), day=day)
    world.night(day)
    kind, outcomes = sendable(world.monitor), world.lake.table("small", "outcomes").read(day)
    whole = outcomes.filter(pc.equal(outcomes["segment"], "*"))
    total = pc.sum(whole["n"]).as_py()
    found = noised_outcomes(outcomes, {"1": total}, world.monitor, kind, Noise(1.0), exact)
    assert pc.sum(found["n"]).as_py() == total
    for decision in (True, False):
        for label in (True, False, None):
            of = [row for row in (whole.to_pylist()) if (row["decision"], row["label"]) == (decision, label)]
            made = [row for row in found.to_pylist() if (row["decision"], row["label"]) == (decision, label)]
            assert sum(row["n"] for row in made) == sum(row["n"] for row in of)
            if label is not None and of:
                # sums are those of the middles of tenths
                assert sum(row["brier_sum"] for row in made) == pytest.approx(
                    sum(row["brier_sum"] for row in of), abs=0.05 * 2 * total
                )


@pytest.fixture
def site(small, day):
    """A site with two nights."""
    world = small(federation={"site": "berlin", "epsilon": 1.0, "epsilon_budget": 1.7})
    world.train("1")
    for each in (day, day + dt.timedelta(days=1)):
        world.log(each)
        world.labels(f"{each}.parquet", world.rows(each)[:120], day=each)
        world.night(each)
    return world


def test_every_export_is_in_the_ledger_and_the_same_again_costs_nothing(site, day, tmp_path):
    days = (day, day + dt.timedelta(days=1))
    first = export_days(site.monitor, days, site.lake, tmp_path / "a.obsprofile", NOW)
    assert first.spent == {str(each): pytest.approx(1.0) for each in days}
    again = export_days(site.monitor, days, site.lake, tmp_path / "b.obsprofile", NOW)
    assert again.spent == first.spent
    assert (tmp_path / "a.obsprofile").read_bytes() == (tmp_path / "b.obsprofile").read_bytes()
    assert any("shared by" in told for told in first.told)
    # other noise on the same rows is told more
    with pytest.raises(ObsError, match=r"beyond the budget of 1\.7"):
        export_days(site.monitor, days, site.lake, tmp_path / "c.obsprofile", NOW, epsilon=0.9)
    assert spent(site.monitor, site.lake) == first.spent
    more = export_days(site.monitor, (day, day), site.lake, tmp_path / "d.obsprofile", NOW, epsilon=0.5)
    assert more.spent == {str(day): pytest.approx(1.5)}


def test_the_file_says_what_its_noise_is_and_has_nothing_exact(site, day, tmp_path):
    path = tmp_path / "a.obsprofile"
    export_days(site.monitor, (day, day), site.lake, path, NOW)
    package = read_package(path)
    privacy = package.header["privacy"]
    shares = Shares.of(site.monitor, 1.0)
    assert privacy["epsilon"] == 1.0
    assert privacy["variance"] == pytest.approx(Noise(1.0 / shares.histograms).variance)
    assert privacy["within_95"] == Noise(1.0 / shares.histograms).within()
    told = package.days[str(day)]
    assert told["rows"] == sum(told["versions"].values()) + told["quality"]["quarantined"]
    assert (told["books"], told["quality"]["results"], told["quality"]["broken_rules"]) == (None, [], {})
    profile = package.of_day("profile", str(day))
    assert pa.compute.all(pc.equal(profile["segment"], "*")).as_py()
    assert package.of_day("hours", str(day)) is None
    outcomes = package.of_day("outcomes", str(day))
    of_rows = profile.filter(pc.equal(profile["column"], ""))
    assert pc.sum(outcomes["n"]).as_py() == pc.sum(of_rows["n"]).as_py()


def test_labels_that_come_later_cost_the_share_of_outcomes(site, day, tmp_path):
    export_days(site.monitor, (day, day), site.lake, tmp_path / "a.obsprofile", NOW)
    before = read_package(tmp_path / "a.obsprofile").of_day("profile", str(day))
    site.labels("more.parquet", site.rows(day)[120:160], day=day)
    site.night(day)
    found = export_days(site.monitor, (day, day), site.lake, tmp_path / "b.obsprofile", NOW)
    shares = Shares.of(site.monitor, 1.0)
    assert found.spent[str(day)] == pytest.approx(1.0 + shares.of_outcomes)
    assert read_package(tmp_path / "b.obsprofile").of_day("profile", str(day)).equals(before)

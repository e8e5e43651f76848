"""What is over by `retention` goes, and a day without its rows says so instead of counting nothing."""

import datetime as dt

import pyarrow.parquet as pq
import pytest

from obs_dagster.evaluation.day_rows import kept_rows
from obs_dagster.evaluation.examples import examples_of
from obs_dagster.evaluation.profiling import profile_days, stale_outcomes
from obs_dagster.history import History
from obs_dagster.lake.columns import ROW
from obs_dagster.profile.tables import SAMPLED
from obs_dagster.quality.validated import day_quality
from obs_dagster.retention.purge import Kept, purge
from obs_dagster.sources.changed_logs import changed_days
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels
from obs_dagster.sources.purged import PurgedError

ONE = dt.timedelta(days=1)
RETENTION = {"logs": 10, "labels": 10, "quarantine": 5, "explanations": 3, "profiles": 17, "history": 30}


@pytest.fixture
def world(small, day):
    """Two days that were evaluated, with labels, one of whose rows broke the contract."""
    world = small(retention=RETENTION)
    world.train("1")
    for each in (day, day + ONE):
        rows = world.rows(each)
        rows.loc[0, "score"] = 1.5
        world.log(each, rows)
        world.labels(f"{each}.parquet", rows, day=each)
        world.night(each)
    return world


@pytest.fixture
def history(tmp_path):
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        yield history


def kept(world, history, today):
    return Kept(world.monitor, world.lake, history, world.root / "reports", today)


def test_a_day_goes_when_its_time_is_over_and_only_then(world, history, day):
    page = world.root / "reports" / f"small-{day}.html"
    page.parent.mkdir()
    page.write_text("page")
    assert purge(kept(world, history, day + 3 * ONE)) == []
    over = purge(kept(world, history, day + 11 * ONE), dry_run=True)
    assert {each.kind: each.number for each in over} == {"logs": 1, "labels": 1, "quarantine": 2}
    logs, kept_of = (world.lake.table("small", name) for name in ("inference_logs", SAMPLED))
    assert logs.read(day).num_rows == 200
    for each in (day, day + ONE):
        kept_rows(world.monitor, each, {"1": 199}, ["temp"], world.lake)
    assert purge(kept(world, history, day + 11 * ONE)) == over
    assert logs.read(day).num_rows == 0
    assert logs.read(day + ONE).num_rows == 200
    assert kept_of.days() == [day + ONE]
    quarantine = world.lake.table("small", "quarantine").read(day)
    assert quarantine.column_names[0] == ROW, "numbers and rules stay"
    assert day_quality(world.monitor, day, world.lake).quarantined == 1
    assert purge(kept(world, history, day + 11 * ONE)) == []
    assert page.exists(), "nobody said how long pages are kept"


def test_what_was_evaluated_stays_and_nothing_counts_it_anew(world, history, day):
    before = world.tonight.profiles.read(day)
    truth = world.lake.table("small", "ground_truth").manifest(day)
    purge(kept(world, history, day + 11 * ONE))
    assert world.tonight.profiles.read(day).equals(before)
    assert stale_outcomes(world.tonight, [day, day + ONE]) == set()
    assert list(changed_days(world.monitor, world.lake)) == []
    (world.root / "logs" / f"{day}.parquet").unlink()
    assert list(changed_days(world.monitor, world.lake)) == [], "its source may go as well"
    again = ingest_labels(world.monitor, world.lake)
    assert not again.healed
    assert not again.touched
    assert world.lake.table("small", "ground_truth").manifest(day)["fingerprint"] == truth["fingerprint"]


def test_an_evaluation_of_a_purged_day_is_refused_with_the_reason(world, history, day):
    today = day + 11 * ONE
    purge(kept(world, history, today))
    with pytest.raises(PurgedError, match=f"its rows were removed on {today}, as retention.logs says"):
        ingest_logs(world.monitor, day, world.lake)
    with pytest.raises(PurgedError):
        list(profile_days(world.tonight, [day]))
    assert examples_of(world.monitor, day, world.lake) == []


def test_counts_go_by_the_day_and_labels_that_wait_too_long(world, history, day):
    unknown = world.rows(day + 5 * ONE)
    world.labels("unknown.parquet", unknown, day=day)
    ingest_labels(world.monitor, world.lake)
    waiting = world.root / "lake" / "small" / "labels" / "unknown_predictions.parquet"
    assert pq.read_metadata(waiting).num_rows == 200
    purge(kept(world, history, day + 18 * ONE))
    assert world.tonight.profiles.days() == [day + ONE]
    assert pq.read_metadata(waiting).num_rows == 0

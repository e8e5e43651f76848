"""Two versions score the same requests, under the same ids: each is evaluated as if it were alone."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from jobs.cli.check_log import look_at_log
from obs_dagster.erasure.forget import Erasure
from obs_dagster.evaluation.sampling import sample_day
from obs_dagster.history import History
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.quality.day import validate_day
from obs_dagster.quality.releases import release
from obs_dagster.quality.validated import clean_rows, day_quality
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import ingest_logs

NOW = dt.datetime(2024, 3, 6, tzinfo=dt.UTC)
HOT = "temp is outside [-50, 50]"


def shadowed(world, day):
    """A night of 200 requests that two versions scored, the second the other way round."""
    world.train("1", "2")
    asked = world.rows(day)
    first, second = asked.assign(model="1"), asked.assign(model="2", score=1 - asked["score"])
    second.loc[3, "temp"] = 99.0
    rows = pd.concat([first, second], ignore_index=True)
    world.log(day, rows)
    world.labels("a.parquet", asked, day=day)
    return world.night(day)


@pytest.fixture
def world(small):
    return small(
        features={
            "temp": {"type": "number", "min": -50, "max": 50},
            "hour": {"type": "integer"},
            "carrier": {"type": "category"},
        },
        alerts=[],
    )


def value(records, metric, version):
    (found,) = [
        each
        for each in records
        if (each.metric, each.version, each.segment, each.window) == (metric, version, WHOLE, 1)
    ]
    return found.value, found.n


def test_both_versions_keep_their_rows_labels_samples_and_quarantine(world, day):
    records = shadowed(world, day)
    quality = day_quality(world.monitor, day, world.lake)
    assert (quality.versions, quality.duplicates, quality.conflicts) == ({"1": 200, "2": 200}, 0, 0)
    assert value(records, "accuracy", "1") == (1.0, 200)
    assert value(records, "accuracy", "2") == (0.0, 199)
    ids = {version: set(sample_day(world.monitor, day, version, world.lake, 500).index) for version in "12"}
    assert (len(ids["1"]), ids["1"] - ids["2"]) == (200, {f"{day}-1-0-3"})
    # a row is released of one version, not of the other that has its id
    release(
        world.monitor,
        world.lake,
        rules=[HOT],
        first=day,
        last=day,
        versions=["2"],
        by="ada",
        comment="",
        now=NOW,
    )
    validate_day(world.monitor, day, world.lake)
    with connect() as connection:
        clean = clean_rows(connection, world.monitor, [day], world.lake).df()
    assert clean.groupby("model").size().to_dict() == {"1": 200, "2": 200}
    found = {each.what: each for each in look_at_log(world.monitor).findings}
    assert found["ids"].status == "ok"
    assert (
        f"200 ids (such as {day}-1-0-0, {day}-1-0-1, {day}-1-0-10) of several versions" in found["ids"].detail
    )


def test_ids_of_a_day_let_one_version_count_and_say_so(world, day):
    world.changes |= {
        "identity": "day",
        "labels": {
            "path": "labels/*",
            "source": "parquet",
            "columns": {"keys": ["id", "day"], "label": "late"},
        },
    }
    world.changes["labels"]["columns"]["keys"] = {"id": "id", "known_at": "{day}"}
    records = shadowed(world, day)
    quality = day_quality(world.monitor, day, world.lake)
    assert quality.duplicates == quality.conflicts == 200
    assert value([each for each in records if each.version == WHOLE], "conflicting_ids", WHOLE) == (
        200.0,
        400,
    )
    (found,) = [each for each in look_at_log(world.monitor).findings if each.what == "ids"]
    assert found.status == "warn"
    assert "write `identity: version`" in found.detail


def test_an_id_is_forgotten_of_both(world, day, tmp_path, monkeypatch):
    monkeypatch.setenv("OBS_HOME", str(tmp_path / "home"))
    shadowed(world, day)
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        erasure = Erasure(world.monitor, world.lake, history, tmp_path / "pages", tmp_path / "artifacts")
        assert erasure.forget([f"{day}-1-0-7"], by="ada", now=NOW).rows == 2
    found = ingest_logs(world.monitor, day, world.lake)
    assert (found.rows, found.forgotten) == (398, 2)
    assert np.unique(list(found.versions.values())).tolist() == [199]

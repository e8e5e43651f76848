"""Whole nights whose logs, labels, training rows and lake are in a bucket say what those on disk say."""

import datetime as dt
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from obs_dagster.lake.lake import replacing
from obs_dagster.metrics.registry import family
from obs_dagster.store import ObjectPath
from tests.functional.conftest import DEMO, FIRST, Place

LAST = FIRST + dt.timedelta(days=1)


@dataclass(frozen=True)
class InBucket(Place):
    """A home whose lake is in a bucket."""

    bucket: Path

    def environment(self):
        return _environment(super().environment(), self.bucket)


class _environment:  # noqa: N801  it is used as a function
    def __init__(self, within, bucket):
        self.within, self.bucket, self.patch = within, bucket, pytest.MonkeyPatch()

    def __enter__(self):
        self.within.__enter__()
        self.patch.setenv("OBS_LAKE", f"{self.bucket}/lake")

    def __exit__(self, *error):
        self.patch.undo()
        return self.within.__exit__(*error)


@pytest.fixture
def remote(season, tmp_path, bucket):
    """The season's raw files in a bucket, with its registry."""
    demo, home = season.place.home / "demo", tmp_path / "home"
    home.mkdir()
    for file in demo.rglob("*.parquet"):
        with replacing(bucket / "demo" / file.relative_to(demo)) as aside:
            shutil.copyfile(file, aside)
    shutil.copyfile(season.place.home / "mlflow.db", home / "mlflow.db")
    monitor = home / "monitors" / DEMO.name
    monitor.parent.mkdir()
    monitor.write_text(DEMO.read_text().replace("${OBS_HOME}/demo", f"{bucket}/demo"))
    return InBucket(home, monitor, bucket)


def _told(records):
    never = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    return {record.key: replace(record, computed_at=never, run_id="") for record in records}


def test_nights_are_those_on_disk(season, remote):
    found = remote.run(FIRST, LAST)
    assert found.success, found.failures
    assert isinstance(remote.lake.root, ObjectPath)
    assert not (remote.home / "lake").exists()
    # days of labels that came later are others by now in the season
    families = ("quality", "drift", "service", "explanation")
    metrics = [name for each in families for name in family(each)]
    wanted = {"days": [FIRST, LAST], "metrics": metrics}
    there = _told(remote.metrics(**wanted))
    for each in families:
        assert {record.metric for record in there.values()} & set(family(each)), each
    assert there == _told(season.place.metrics(**wanted))

"""A range of days goes on without those whose rows were removed."""

import datetime as dt

from jobs.cli.changed import spans_with_rows
from obs_dagster.lake.lake import Lake
from obs_dagster.settings import Settings
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.purged import purge_rows

ONE = dt.timedelta(days=1)


def test_only_days_that_can_be_evaluated_are(small, day, monkeypatch, capsys):
    world = small()
    monkeypatch.setenv("OBS_HOME", str(world.root / "home"))
    lake, days = Lake(Settings().lake_root), [day + ONE * since for since in range(4)]
    for each in days[:3]:
        world.log(each)
        ingest_logs(world.monitor, each, lake)
    assert spans_with_rows(world.monitor, days) == [(days[0], days[3])]
    assert capsys.readouterr().err == ""
    purge_rows(lake.table("small", LOGS), days[1], days[3])
    assert spans_with_rows(world.monitor, days) == [(days[0], days[0]), (days[2], days[3])]
    assert str(days[1]) in capsys.readouterr().err

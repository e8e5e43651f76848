import datetime as dt

import pytest

from obs_dagster import workers
from obs_dagster.evaluation import parallel
from obs_dagster.evaluation.drift_records import drift_records
from obs_dagster.evaluation.parallel import records_of_days
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.service_records import service_records


@pytest.mark.parametrize("family", [drift_records, performance_records, service_records])
def test_processes_give_the_same_records_in_the_same_order(small, day, monkeypatch, family):
    world = small()
    world.train("1")
    days = [day + dt.timedelta(days=number) for number in range(3)]
    for each in days:
        rows = world.rows(each)
        world.log(each, rows)
        world.labels(f"{each}.parquet", rows, day=each)
        world.night(each)
    alone = list(records_of_days(family, world.tonight, days))
    assert [found for found, _ in alone] == days
    assert all(records for _, records in alone)
    monkeypatch.setattr(parallel, "_FEWEST_DAYS", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    beside = list(records_of_days(family, world.tonight, reversed(days)))
    assert beside == alone

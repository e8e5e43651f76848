import datetime as dt
import os

import pytest

from obs_dagster.evaluation import parallel
from obs_dagster.evaluation.metrics import drift_records, performance_records, service_records
from obs_dagster.evaluation.parallel import begin, records_of_days


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
    alone = list(records_of_days(family, world.monitor, days, world.lake, world.recorder))
    assert [found for found, _ in alone] == days
    assert all(records for _, records in alone)
    monkeypatch.setattr(parallel, "_FEWEST_DAYS", 1)
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    beside = list(records_of_days(family, world.monitor, reversed(days), world.lake, world.recorder))
    assert beside == alone


def test_what_is_begun_beside_gives_its_result_or_its_error(monkeypatch):
    for cores in (1, 2):
        monkeypatch.setattr(parallel.os, "cpu_count", lambda cores=cores: cores)
        good, bad = begin(divmod, 7, 2), begin(divmod, 7, 0)
        assert good() == (3, 1)
        with pytest.raises(ZeroDivisionError):
            bad()


def test_processes_beside_have_a_core_each_and_let_others_go_first(monkeypatch):
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    assert begin(os.getpid)() != os.getpid()
    assert begin(os.getenv, "OMP_NUM_THREADS")() == "1"
    assert begin(os.nice, 0)() > os.nice(0)

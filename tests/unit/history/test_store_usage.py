import datetime as dt

from obs_dagster.history import usage
from obs_dagster.history.usage import StageUsage, program_changes
from obs_dagster.telemetry.resources import Usage

BEGAN = dt.datetime(2024, 3, 2, 5, tzinfo=dt.UTC)
DAY = dt.date(2024, 3, 1)


def stage(name, *, after=0.0, seconds=10.0, day=DAY, days=1, run_id="run"):
    taken = Usage(seconds, 15.0, 2, 100, read_bytes=7, disk_free=5, disk_size=9)
    return StageUsage("m", day, name, days, BEGAN + dt.timedelta(seconds=after), taken, run_id)


def kept(store, *stages):
    with store.writing("m") as connection:
        usage.record(connection, stages)
    with store.reading() as connection:
        return usage.read(connection, "m")


def test_a_night_takes_from_its_first_stage_to_its_last(store):
    (night,) = kept(store, stage("profile", after=12.0), stage("inference_logs"))
    assert [each.stage for each in night.stages] == ["inference_logs", "profile"]
    assert night.usage.seconds == 22.0
    assert night.usage.cpu_seconds == 30.0
    assert night.stages[0] == stage("inference_logs")


def test_only_stages_of_the_last_run_count_and_each_stage_once(store):
    kept(store, stage("profile"), stage("drift", after=5.0))
    again = stage("profile", after=900.0, run_id="again")
    assert kept(store, again)[0].stages == [again]
    assert len(kept(store, stage("profile", after=950.0, run_id="again"))[0].stages) == 1


def test_nights_of_a_range_share_what_it_took(store):
    days = [DAY, DAY + dt.timedelta(days=1)]
    first, second = kept(store, *(stage("profile", day=day, days=2) for day in days))
    assert not first.alone
    assert (first.usage.seconds, second.day) == (10.0, days[1])


def test_programs_that_changed_are_named(store):
    with store.writing("m") as connection:
        for back, programs in ((3, {"shap": "0.50"}), (0, {"shap": "0.51", "duckdb": "2.0"})):
            usage.record_programs(
                connection, "m", [DAY - dt.timedelta(days=back)], {"python": "3.11", **programs}
            )
        usage.record_programs(connection, "m", [DAY], {"python": "3.12", "shap": "0.51"})
    with store.reading() as connection:
        found = usage.read_programs(connection, "m")
    assert program_changes(found, DAY) == ["python 3.11 → 3.12", "shap 0.50 → 0.51"]
    assert program_changes(found, DAY - dt.timedelta(days=3)) == []
    assert program_changes(found, DAY + dt.timedelta(days=1)) == []

import datetime as dt
import os
import signal

import dagster as dg
import pytest

from assets.partitions import days_of
from assets.progress import heard_by, tracked
from assets.stage import check, stage
from jobs import execution, nightly
from jobs.execution import StageEvent, run_nights
from jobs.instance import open_instance
from obs_dagster.catalogue import monitor_of
from obs_dagster.settings import Settings

FIRST, DAYS = dt.date(2024, 3, 1), 3


@pytest.fixture
def monitor(home, monkeypatch):
    monkeypatch.setenv("OBS_HOME", str(home.root))
    # set first, so that what a run sets is taken back too
    monkeypatch.setenv("DAGSTER_HOME", "")
    return monitor_of(home.monitors / "loan_default.yaml")


@pytest.fixture
def definitions(monitor):
    """A graph of one stage, which goes through its days and logs all kinds of things."""

    @stage(monitor, "drift", checks=[check(monitor, "drift", "sound", "Whether it is.")])
    def drift(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        for number, _ in enumerate(tracked(context, days_of(context), DAYS)):
            context.log.info("3 of 9 days")
            context.log.info("%d of 90 days", number)
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="sound")])

    return dg.Definitions([drift], jobs=[nightly.build(monitor)], executor=dg.in_process_executor)


def test_days_that_are_done_are_told_and_what_the_log_says_is_not(home, monitor, definitions, monkeypatch):
    monkeypatch.setattr(execution, "compose", lambda _: definitions)
    monkeypatch.setattr("assets.progress._EVERY", 0.0)
    told, before = [], []
    with heard_by(lambda *progress: before.append(progress)):
        last = FIRST + dt.timedelta(days=DAYS - 1)
        run = run_nights(monitor, FIRST, last, settings=Settings(home=home.root), progress=told.append)
    assert run.success
    going = [StageEvent("drift", "going", 1, done, DAYS) for done in range(1, DAYS + 1)]
    assert told == [StageEvent("drift", "started", 1), *going, StageEvent("drift", "done", 1)]
    assert before == []


def test_without_anybody_who_listens_the_run_s_log_tells(home, monitor, definitions, monkeypatch):
    monkeypatch.setattr("assets.progress._EVERY", 0.0)
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def(nightly.job_name(monitor)).execute_in_process(
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": str(FIRST),
                "dagster/asset_partition_range_end": str(FIRST + dt.timedelta(days=DAYS - 1)),
            },
        )
        logged = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert {"1 of 3 days", "2 of 3 days", "3 of 3 days"} <= set(logged)


def test_ctrl_c_ends_a_run_also_where_a_stage_takes_it_for_an_error_of_its_own(home, monitor, monkeypatch):
    ran = []

    @stage(monitor, "drift")
    def drift(_context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            ran.append("drift")
        except BaseException:  # noqa: BLE001, S110  as libraries do
            pass
        return dg.MaterializeResult()

    @stage(monitor, "alerts", after=["drift"])
    def alerts(_context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        ran.append("alerts")
        return dg.MaterializeResult()

    graph = dg.Definitions([drift, alerts], jobs=[nightly.build(monitor)], executor=dg.in_process_executor)
    monkeypatch.setattr(execution, "compose", lambda _: graph)
    settings = Settings(home=home.root)
    with pytest.raises(KeyboardInterrupt, match="loan_default, 2024-03-01, is cancelled"):
        run_nights(monitor, FIRST, FIRST, settings=settings)
    assert ran == []
    with open_instance(settings) as instance:
        (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.CANCELED

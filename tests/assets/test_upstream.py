"""What an evaluation is told of the assets that a log depends on."""

import datetime as dt

import dagster as dg
import pytest

from assets.upstream import upstream_events
from obs_dagster.secrets import remember

DAYS = dg.DailyPartitionsDefinition("2024-03-01")
FAILS, LATER = "2024-03-03", "2024-03-04"


def weather(code, columns=("at", "temp"), fails=()):
    @dg.asset(key=["weather", "hourly"], partitions_def=DAYS, code_version=code)
    def hourly(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        if context.partition_key in fails:
            raise ValueError("HTTP 503 from the agency, key hunter2-hunter2")
        schema = dg.TableSchema([dg.TableColumn(name) for name in columns])
        return dg.MaterializeResult(metadata={"dagster/column_schema": schema})

    return hourly


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(instance, asset, day):
    dg.materialize([asset], instance=instance, partition_key=day, raise_on_error=False)


@pytest.fixture
def told(instance, small):
    monitor = small(upstream=["weather/hourly"]).monitor

    def told(later=dt.timedelta()):
        events = upstream_events(instance, monitor, dt.datetime.now(dt.UTC) + later)
        return [(each.became, str(each.day), each.told) for each in events]

    return told


def test_that_it_failed_and_why_without_secrets(instance, told):
    remember("hunter2-hunter2")
    run(instance, weather("1", fails={FAILS}), FAILS)
    run(instance, weather("1"), LATER)
    assert told() == [
        (
            "failed",
            FAILS,
            "weather/hourly, which the log depends on, failed: ValueError: HTTP 503 from the agency, key ***",
        )
    ]


def test_what_came_after_all_did_not_fail(instance, told):
    run(instance, weather("1", fails={FAILS}), FAILS)
    run(instance, weather("1"), FAILS)
    assert told() == []


def test_that_its_code_and_columns_changed(instance, told):
    run(instance, weather("1"), FAILS)
    run(instance, weather("2", columns=("at", "temp_c")), LATER)
    assert told() == [
        ("changed", LATER, "weather/hourly, which the log depends on, changed its code and its columns")
    ]


def test_that_it_does_not_come_any_more(instance, told):
    for day in range(1, 5):
        run(instance, weather("1"), f"2024-03-0{day}")
    [(became, _, text)] = told(later=dt.timedelta(days=3))
    assert became == "late"
    assert "has not come since" in text


def test_of_an_asset_that_nobody_knows_nothing_is_told(told):
    assert told() == []

"""What `obs check` says of a log and a baseline whose rows are there, but are not as declared."""

import datetime as dt
import os

import pytest

from jobs.cli.check_baseline import look_at_baseline
from jobs.cli.check_log import look_at_log
from tests.tables import arrow


def changed_log(world, day, **values):
    world.log(day, world.rows(day).assign(**values))
    return {each.what: each for each in look_at_log(world.monitor).findings}


def test_a_sound_log(small, day):
    found = changed_log(small(), day)
    assert {each.status for each in found.values()} == {"ok"}
    assert f"1 day, {day}" in found["logs"].detail
    assert "200 rows" in found["contract"].detail


def test_a_text_is_one_column_however_much_is_told_of_it(small, day):
    """What is learned of the baseline, such as words that it lacks, is in no log yet."""
    world = small()
    plain = {name: each.model_dump(exclude_unset=True) for name, each in world.monitor.features.items()}
    world.changes["features"] = {**plain, "review": {"type": "text"}}
    found = changed_log(world, day, review="late and cold")
    assert {each.status for each in found.values()} == {"ok"}
    assert f"all there, {len(plain) + 1} features" in found["columns"].detail


@pytest.mark.parametrize("column", ["score", "model", "at", "temp"])
def test_columns_that_are_absent_or_differ_in_case(small, day, column):
    world = small()
    world.log(day, world.rows(day).rename(columns={column: column.upper()}))
    found = {each.what: each for each in look_at_log(world.monitor).findings}
    assert found["columns"].status == "fail"
    assert column in found["columns"].detail
    assert column.upper() in found["columns"].detail


@pytest.mark.parametrize(
    ("values", "rule", "example"),
    [
        ({"score": 55.0}, "score is not between 0 and 1", "55.0"),
        ({"temp": "warm"}, "temp is not a number", '"warm"'),
        ({"model": None}, "model is missing", ""),
    ],
)
def test_what_the_contract_would_refuse_has_its_rule_and_an_example(small, day, values, rule, example):
    found = changed_log(small(), day, **values)
    assert found["contract"].status == "fail"
    assert "would be refused: all 200 rows broke the contract" in found["contract"].detail
    assert "\n" not in found["contract"].detail
    assert rule in found["contract"].detail
    assert example in found["contract"].detail


def test_decisions_that_may_mean_either_class(small, day):
    world = small()
    columns = world.monitor.logs.columns.model_dump() | {"prediction": "served"}
    world.changes["logs"] = world.monitor.logs.model_dump() | {"columns": columns}
    world.changes["labels"] = world.monitor.labels.model_dump() | {"positive": 0}
    found = changed_log(world, day, served=False)
    assert found["contract"].status == "fail"
    assert "served is of neither class" in found["contract"].detail
    assert "logs.positive names the decision that is" in found["contract"].detail
    assert changed_log(world, day, served=0)["contract"].status == "ok"


def test_a_feature_without_any_value(small, day):
    world = small()
    world.log(day, world.rows(day).assign(temp=float("nan")).astype({"temp": "float"}))
    details = " ".join(each.detail for each in look_at_log(world.monitor).findings)
    assert "has a value of temp" in details


def test_a_day_that_is_written_otherwise_is_not_found(small, day):
    world = small()
    world.write("logs/20240304.parquet", world.rows(day))
    (found,) = look_at_log(world.monitor).findings
    assert (found.status, "'20240304'" in found.detail) == ("fail", True)


def test_a_look_is_bounded(small, day, monkeypatch):
    monkeypatch.setattr("jobs.cli.check_log.ROWS", 50)
    found = changed_log(small(), day)
    assert "50 rows" in found["contract"].detail


def test_what_is_no_file_fails(small, day):
    world = small()
    (world.root / "logs").mkdir()
    os.mkfifo(world.root / f"logs/{day}.parquet")
    (found,) = look_at_log(world.monitor).findings
    assert (found.status, "FIFO" in found.detail) == ("fail", True)


def test_versions_of_the_log_without_training_rows(small, day):
    world = small()
    world.train("1")
    world.log(day, world.rows(day, version="team/2"))
    seen = look_at_log(world.monitor).versions
    found = list(look_at_baseline(world.monitor, seen))
    assert [each.status for each in found] == ["ok", "warn"]
    assert "team/2" in found[1].detail
    assert "`/`" in found[1].detail


@pytest.mark.parametrize(("offset", "status"), [(0, "ok"), (40, "warn")])
def test_a_baseline_of_days_has_a_line(small, day, offset, status):
    first = day + dt.timedelta(days=offset)
    world = small(baseline={"kind": "days", "first": first, "last": first + dt.timedelta(days=1)})
    world.log(day)
    (found,) = look_at_baseline(world.monitor, None)
    assert (found.status, "of the 2 days" in found.detail) == (status, True)


def test_training_rows_that_are_not_as_declared(small, day):
    world = small()
    world.write("training/1.parquet", world.rows(day, 50).assign(temp="warm", score=50.0))
    found = [each for each in look_at_baseline(world.monitor, ["1"]) if each.status == "warn"]
    assert len(found) == 2
    assert "50 values of temp are not numbers" in found[1].detail + found[0].detail
    assert "50 values of score are not between 0 and 1" in found[1].detail + found[0].detail


@pytest.mark.parametrize("kind", ["delta", "iceberg_sql"])
def test_a_table_tells_its_snapshot_its_days_and_what_the_contract_refuses(small, tables, day, kind):
    world = small()
    made = tables(kind, world.root)
    made.create("log", arrow(world.rows(day)))
    later = day + dt.timedelta(days=2)
    made.append("log", arrow(world.rows(later).assign(score=7.5)))
    world.changes["logs"] = world.keys["logs"] | {"path": ""} | made.keys("log")
    found = {each.what: each for each in look_at_log(world.monitor).findings}
    assert f"rows of {day} to {later}" in found["logs"].detail
    assert f"snapshot {made.snapshot('log')} of 20" in found["logs"].detail
    assert found["columns"].status == "ok"
    assert "score is not between 0 and 1" in found["contract"].detail

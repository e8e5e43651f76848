import duckdb
import pytest

from bench.parts.expectations import contract
from bench.prepare.columns import CATEGORIES, ID, LABEL, LATENCY, NUMBERS, STATUS, TIME, VERSION
from bench.prepare.kinds import KINDS
from bench.prepare.monitor import features, monitor, write_monitor
from bench.prepare.rows import write_rows
from obs_dagster.catalogue import monitor_of
from obs_dagster.lake.lake import Lake
from obs_dagster.quality import contract as quality
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import ingest_logs

DAY = "2024-01-01"


def table(path, rows=2_000, day=DAY, **arguments):
    write_rows(str(path), rows, day, **arguments)
    return duckdb.sql(f"SELECT * FROM read_parquet('{path}') ORDER BY {ID}").to_arrow_table()


def mean(rows, column):
    return sum(rows[column].to_pylist()) / rows.num_rows


def test_the_same_arguments_give_the_same_rows(tmp_path):
    # NaN is not equal to itself; as text it is
    first, second = (table(tmp_path / name)["with_nans"].to_pylist() for name in ("a", "b"))
    assert list(map(str, first)) == list(map(str, second))
    without = [name for name in table(tmp_path / "a").column_names if name != "with_nans"]
    assert table(tmp_path / "a").select(without).equals(table(tmp_path / "b").select(without))


def test_days_have_other_rows(tmp_path):
    assert table(tmp_path / "a")["normal"] != table(tmp_path / "b", day="2024-01-02")["normal"]


def test_drift_shifts_normal_and_bends_uniform_columns(tmp_path):
    still, moved = table(tmp_path / "a"), table(tmp_path / "b", drift=5)
    assert mean(moved, "normal") - mean(still, "normal") == pytest.approx(0.5 * 12, rel=0.2)
    assert mean(moved, "uniform") < mean(still, "uniform") - 5


def test_chosen_columns_hold_what_all_columns_hold(tmp_path):
    labels = table(tmp_path / "a", columns=[ID, LABEL])
    assert labels.column_names == [ID, LABEL]
    assert labels.equals(table(tmp_path / "b").select([ID, LABEL]))


def test_versions_and_extra_columns_are_as_many_as_asked_for(tmp_path):
    rows = table(tmp_path / "a", versions=3, extra=5)
    assert set(rows["model_version"].to_pylist()) == {"1", "2", "3"}
    assert {f"number_{k}" for k in range(5)} <= set(rows.column_names)


def test_the_monitor_describes_the_generated_log(tmp_path):
    path = write_monitor(tmp_path, monitor(contract=features(extra=1)))
    described = monitor_of(path)
    assert len(described.features) == len(NUMBERS) + len(CATEGORIES) + 1
    assert set(described.features) <= set(table(tmp_path / "a", extra=1).column_names)


@pytest.mark.parametrize("task", KINDS)
def test_every_kind_of_model_keeps_its_contract(tmp_path, task):
    kind = KINDS[task]
    described = monitor_of(write_monitor(tmp_path, monitor(contract=features(), kind=kind)))
    assert described.task == task
    (tmp_path / "logs").mkdir()
    logged = [ID, TIME, VERSION, LATENCY, STATUS, *NUMBERS, *CATEGORIES, *kind.outputs]
    rows = table(tmp_path / "logs" / f"{DAY}.parquet", rows=500, columns=logged)
    assert rows.num_rows == 500
    lake = Lake(tmp_path / "lake")
    ingest_logs(described, described.start, lake)
    found = validate_day(described, described.start, lake)
    assert (found.evaluated, found.quarantined) == (True, 0)
    labels = table(tmp_path / "labels.parquet", rows=500, columns=[ID, kind.label])
    assert labels[kind.label].null_count == 0


def test_the_contract_has_sixty_expectations_of_twenty_columns(tmp_path):
    document = monitor(contract=contract(), segments=(), optional_roles=False)
    described = monitor_of(write_monitor(tmp_path, document))
    expected = quality.contract(described, described.start, absent=[])
    assert len(expected) == 60
    exist = [each for each in expected if each.kind == "ExpectColumnToExist"]
    assert len(exist) == 20

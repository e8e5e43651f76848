"""A folder that is a table of Delta Lake or Iceberg is one, and no folder of files."""

import datetime as dt

import pytest

from obs_dagster.catalogue import monitor_of
from obs_dagster.discovery.discover import discover
from obs_dagster.discovery.draft import Asked
from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.writing import written
from obs_dagster.sources.protocol import source_of
from tests.tables import arrow

FIRST, TODAY = dt.date(2024, 3, 1), dt.date(2024, 3, 4)
ONE = dt.timedelta(days=1)


def put(service, tables, kind):
    made = tables(kind, service.root)
    made.create("log", arrow(service.rows(FIRST)))
    for number in (1, 2):
        made.append("log", arrow(service.rows(FIRST + number * ONE)))
    # rows that are no more in the table are in its files still
    made.delete("log", "country", ["FR"])
    rows = arrow(service.rows(FIRST)[["request_id"]].assign(fraud=[True, False] * 50))
    made.create("truth", rows)
    return made


@pytest.mark.parametrize("kind", ["delta", "iceberg_folder"])
def test_a_monitor_of_a_table_is_written_and_read(service, tables, kind):
    made = put(service, tables, kind)
    path, labels = (made.keys(name)["path"] for name in ("log", "truth"))
    draft = discover(Asked("risk", path, labels))
    file = service.root / "monitors" / "risk.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(written(draft, file.parent, TODAY), encoding="utf-8")
    monitor = monitor_of(file)
    source = made.keys("log")["source"]
    assert monitor.logs.source == source
    state = source_of(monitor.logs).read_at(monitor, monitor.logs)
    assert (state.table, state.id) == (path, str(made.snapshot("log")))
    assert monitor.labels.source == source
    assert monitor.logs.columns.time == "created_at"
    assert monitor.labels.columns.label == "fraud"
    assert (draft.first, draft.last) == (FIRST, FIRST + 2 * ONE)
    assert draft.rows < 300
    assert "from a sample" in file.read_text()
    assert "the table" in file.read_text()


@pytest.mark.parametrize("kind", ["delta", "iceberg_folder"])
def test_a_folder_of_tables_names_them(service, tables, kind):
    made = put(service, tables, kind)
    folder = made.keys("log")["path"].removesuffix("/log")
    with pytest.raises(DiscoveryError, match=r"is a folder of tables: .*log.*truth"):
        discover(Asked("risk", folder))

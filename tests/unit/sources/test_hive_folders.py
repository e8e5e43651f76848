"""Parquet in folders by Hive's rule, as docs/tables.md has them: folders are the day, and columns."""

import datetime as dt
import re
from pathlib import Path

import pytest

from obs_dagster.discovery.layout import layout_of
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.protocol import source_of

DOCUMENT = Path(__file__).parents[3] / "docs/tables.md"
FOLDERS = re.findall(r"^\| `([a-z]+=\S+)`.*\| `(predictions/\S+)`", DOCUMENT.read_text(), re.MULTILINE)
ONE = dt.timedelta(days=1)


def placed(folders, day, region):
    """The folders of a day, as the example has those of 5 March 2024."""
    zeros = "month=03" in folders
    month, number = (f"{day:%m}", f"{day:%d}") if zeros else (str(day.month), str(day.day))
    for name, value in (("date", day), ("year", day.year), ("month", month), ("day", number)):
        folders = re.sub(rf"\b{name}=[^/]+", f"{name}={value}", folders)
    return re.sub(r"\bregion=[^/]+", f"region={region}", folders)


@pytest.fixture(params=FOLDERS, ids=[folders for folders, _ in FOLDERS])
def world(small, request, day):
    folders, path = request.param
    world = small()
    for number in range(3):
        on = day + number * ONE
        rows = world.rows(on, 20)
        for region in ("eu", "us") if "region=" in folders else ("",):
            part = rows.iloc[:8] if region == "eu" else rows.iloc[8:] if region else rows
            world.write(f"{placed(f'predictions/{folders}', on, region)}{on}{region}.parquet", part)
    columns = world.keys["logs"]["columns"]
    if "{version}" in path:
        columns = {name: column for name, column in columns.items() if name != "version"}
    world.changes["logs"] = world.keys["logs"] | {"path": path, "columns": columns}
    if "region=" in folders:
        world.changes["features"] = world.keys["features"] | {"region": {"type": "category"}}
    return world


def test_the_document_has_examples():
    assert len(FOLDERS) == 6


def test_a_day_has_the_rows_of_its_folders(world, day):
    ingest_logs(world.monitor, day + ONE, world.lake)
    rows = world.lake.table("small", LOGS).read(day + ONE)
    assert sorted(rows["id"].to_pylist()) == sorted(world.rows(day + ONE, 20)["id"])
    if "region" in world.monitor.features:
        assert sorted(rows["region"].to_pylist()) == ["eu"] * 8 + ["us"] * 12
    if "{version}" in world.monitor.logs.path:
        assert set(rows["version"].to_pylist()) == {"7"}


def test_files_of_other_days_are_not_opened(world, day):
    known = source_of(world.monitor.logs).days(world.monitor)
    if "{day" not in world.monitor.logs.path:
        assert known is None
        return
    for file in (world.root / "predictions").rglob("*.parquet"):
        if str(day + ONE) not in file.name:
            file.write_bytes(b"no Parquet")
    ingest_logs(world.monitor, day + ONE, world.lake)
    assert world.lake.table("small", LOGS).manifest(day + ONE)["rows"] == 20
    assert list(known.days) == [day, day + ONE, day + 2 * ONE]


def test_init_finds_the_day_in_the_folders(world, day):
    found = layout_of(str(world.root / "predictions"))
    by_day = "{day" in world.monitor.logs.path
    assert found.source == "parquet"
    if by_day:
        assert list(found.days) == [day, day + ONE, day + 2 * ONE]

"""Every recipe of docs/logs.md reads the file beside it."""

import datetime as dt
import re
from pathlib import Path

import pytest
import yaml

from obs_dagster.catalogue import monitor_of
from obs_dagster.lake.columns import LABEL
from obs_dagster.lake.lake import Lake
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.labels import ingest_labels
from obs_dagster.sources.log_path import LogPath
from obs_dagster.sources.misread import misreadings

DAY = dt.date(2024, 3, 4)
TEXT = (Path(__file__).parents[3] / "docs/logs.md").read_text(encoding="utf-8")
RECIPES = {
    title: blocks
    for title, body in re.findall(r"^## (.+?)$(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    if (blocks := re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", body, re.MULTILINE | re.DOTALL))
}
MODEL = {
    "model": "small",
    "start": DAY,
    "features": {"amount": {"type": "number", "nullable": False}},
    "baseline": {"kind": "rolling", "days": 7},
}


def written(folder, title, **keys):
    """The monitor file of a recipe, with its files beside it."""
    (_, _, part), *files = RECIPES[title]
    for _, name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    file = folder / "small.yaml"
    file.write_text(yaml.safe_dump(MODEL | yaml.safe_load(part) | keys), encoding="utf-8")
    return file


@pytest.fixture
def recipe(request, tmp_path):
    """The monitor of a recipe."""
    return monitor_of(written(tmp_path, request.param))


@pytest.mark.parametrize("recipe", RECIPES, indirect=True)
def test_a_recipe_reads_its_file(recipe, tmp_path):
    lake = Lake(tmp_path / "lake")
    found = ingest_logs(recipe, DAY, lake)
    rows = lake.table("small", LOGS).read(DAY).to_pandas().sort_values(recipe.logs.columns.time)
    quality = validate_day(recipe, DAY, lake)
    assert (found.rows, quality.quarantined, quality.evaluated) == (2, 0, True)
    assert rows["amount"].to_list() == [12.5, 1200]
    assert rows[recipe.logs.columns.score].to_list() == [0.25, 0.75]
    assert set(rows[recipe.logs.columns.version]) == {"3"}
    if recipe.labels is not None:
        assert ingest_labels(recipe, lake).touched == {DAY: 2}
    with connect() as connection:
        assert misreadings(connection, recipe, LogPath.of(recipe).files(), 100) == []


def test_there_are_recipes():
    assert len(RECIPES) > 12


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_is_read_on_spark(title, tmp_path, spark):
    monitor, lake = monitor_of(written(tmp_path, title, engine=spark)), Lake(tmp_path / "lake")
    ingest_logs(monitor, DAY, lake)
    quality = validate_day(monitor, DAY, lake)
    if monitor.labels is not None:
        ingest_labels(monitor, lake)
    roles = monitor.logs.columns

    def read():
        with monitor.engine.labelled_rows(monitor, [DAY], lake) as rows:
            return rows.sort(roles.score).collect().to_native().to_pylist()

    found = monitor.engine.elsewhere(read)
    assert (quality.quarantined, quality.evaluated) == (0, True)
    assert [(row["amount"], row[roles.score], row[roles.version]) for row in found] == [
        (12.5, 0.25, "3"),
        (1200, 0.75, "3"),
    ]
    assert [row[LABEL] for row in found] == ([False, True] if monitor.labels else [None, None])

"""Every recipe of docs/logs.md reads the file beside it."""

import datetime as dt
import re
from pathlib import Path

import pytest
import yaml

from obs_dagster.catalogue import monitor_of
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


@pytest.fixture
def recipe(request, tmp_path):
    """The monitor of a recipe, with its files."""
    (_, _, part), *files = RECIPES[request.param]
    said = yaml.safe_load(part)
    for _, name, content in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(MODEL | said), encoding="utf-8")
    return monitor_of(tmp_path / "small.yaml")


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

"""The pictures of the documentation are those that its script makes, and each is shown."""

import re
from pathlib import Path

from obs_dagster.demo import screenshots
from obs_dagster.links import Links

ROOT = Path(__file__).parents[3]


def test_every_picture_is_made_by_the_script_and_shown(monkeypatch):
    monkeypatch.setattr(screenshots, "_experiment", lambda _: "1")
    made = {f"{each.name}.png" for each in screenshots._pictures(ROOT, Links("http://d", "http://m"))}
    kept = {file.name for file in (ROOT / "docs" / "images").glob("*.png")}
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {name for page in pages for name in re.findall(r"images/([\w-]+\.png)", page.read_text("utf-8"))}
    assert made == kept == shown

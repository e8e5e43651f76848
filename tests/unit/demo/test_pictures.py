"""The pictures of the documentation are those that its script makes, but for two, and each is shown."""

import re
from pathlib import Path

from obs_dagster.demo import screenshots
from obs_dagster.links import Links

ROOT = Path(__file__).parents[3]


def test_every_picture_of_the_demo_is_made_by_the_script_and_each_is_shown(monkeypatch):
    monkeypatch.setattr(screenshots, "_experiment", lambda _: "1")
    made = {f"{each.name}.png" for each in screenshots._pictures(ROOT, Links("http://d", "http://m"))}
    # the demo has no Alertmanager, and keeps no traces
    made |= {"alertmanager.png", "trace.png"}
    kept = {file.name for file in (ROOT / "docs" / "images").glob("*.png")}
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {name for page in pages for name in re.findall(r"images/([\w-]+\.png)", page.read_text("utf-8"))}
    assert made == kept == shown

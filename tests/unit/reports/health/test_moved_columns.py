"""Columns that moved, drawn with both sides."""

import re

import numpy as np
import pytest

from obs_dagster.changes.change import Changes, Reference
from obs_dagster.changes.describe import Moved, describe
from obs_dagster.reports.health.moved import HEIGHT, picture


@pytest.fixture
def changes(season, raw):
    rng = np.random.default_rng(1)
    before, after = (rng.normal(12, 9, n) for n in (9000, 900))
    moved = [
        Moved("1", "temp", (7,), raw.on_shape(before, before), raw.on_shape(1000 * after, before)),
        Moved(
            "1", "carrier", (7,), raw.categories(["AA", "UA"] * 900), raw.categories(["aa", "<b>ua"] * 400)
        ),
    ]
    return Changes(describe(moved, {"1": Reference("training")}, season.LAST))


def test_the_page_draws_and_tells_each_column_that_moved(render, changes):
    page = render(changes=changes)
    section = page[page.index("<h2>Before and after") :]
    assert "× 1000: a change of unit?" in section  # noqa: RUF001 - the sign for a product
    assert "training baseline → 15 to 21 July 2013 · 9,000 → 900 rows" in section
    assert len(re.findall(r'<section class="card change">', section)) == 2
    assert {'class="before"', 'class="after"'} <= set(re.findall(r'class="(?:before|after)"', section))
    # beside the verdict too
    assert page.index('moved-lines">') < page.index(">Firing<small>")
    # what a log holds is text
    assert "<b>ua" not in page
    assert "&lt;b&gt;ua" in page


def test_a_page_without_changes_has_no_such_section(render):
    assert "Before and after" not in render()


def test_bars_stand_on_the_floor_and_fit(changes):
    for change in changes.all:
        drawn = picture(change)
        heights = [float(each) for each in re.findall(r' height="([\d.]+)" fill', drawn)]
        assert heights
        assert max(heights) <= HEIGHT
        assert "NaN" not in drawn
        assert "<b>" not in drawn

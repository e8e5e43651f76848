"""Other thresholds, from what nights stored; and the page of them."""

import datetime as dt

import pandas as pd
import pytest

from obs_dagster.evaluation.thresholds import ThresholdError, cell_thresholds
from obs_dagster.monitor.costs import Costs
from obs_dagster.reports.thresholds import render_thresholds

DAY = dt.date(2024, 3, 4)
COSTS = {"currency": "EUR", "false_positive": 1, "false_negative": 4}


@pytest.fixture
def world(small):
    """Two nights of two versions, whose labels follow from their scores at 0.5."""
    world = small(costs=COSTS)
    world.train("1", "2")
    for day in (DAY, DAY + dt.timedelta(days=1)):
        frames = [world.rows(day, version=version, seed=int(version)) for version in ("1", "2")]
        rows = pd.concat(frames, ignore_index=True)
        world.log(day, rows)
        world.labels(f"{day}.parquet", rows, day=day)
        world.night(day)
    return world


def test_versions_and_segment_cells_of_a_window_come_from_stored_counts(world):
    for file in (world.root / "logs").iterdir():
        file.unlink()
    last = DAY + dt.timedelta(days=1)
    every = list(cell_thresholds(world.tonight, last, 2, lambda *_: True))
    assert {each.version for each in every} == {"1", "2"}
    assert {each.segment for each in every} == {"*", "carrier=AA", "carrier=B6", "carrier=UA"}
    (whole,) = [each for each in every if (each.version, each.segment) == ("1", "*")]
    assert whole.thresholds.n == 400
    assert whole.best.cost.value == 0
    assert whole.best.low <= 0.5 <= whole.best.high
    assert whole.best.saving.n == 400
    (day,) = cell_thresholds(world.tonight, last, 1, lambda *of: of == ("2", "*"))
    assert (day.version, day.thresholds.n) == ("2", 200)
    assert day.best.saving.value is None, "one day cannot choose for others"


def test_other_prices_can_be_tried(world):
    priced = Costs(false_positive=9)
    (found,) = cell_thresholds(world.tonight, DAY, 1, lambda *of: of == ("1", "*"), priced)
    assert found.thresholds.at(0.0).cost.value == pytest.approx(
        9 * (world.rows(DAY, seed=1)["score"] <= 0.5).mean()
    )


def test_a_model_without_a_threshold_or_nights_says_so(world, small):
    unlabelled = small(labels=None)
    with pytest.raises(ThresholdError, match="no threshold that labels could judge"):
        list(cell_thresholds(unlabelled.tonight, DAY, 1, lambda *_: True))
    with pytest.raises(ThresholdError, match="No day of small up to 2024-01-01"):
        list(cell_thresholds(world.tonight, dt.date(2024, 1, 1), 7, lambda *_: True))


def test_the_page_says_in_words_and_curves_where_errors_cost_least(world):
    last = DAY + dt.timedelta(days=1)
    cells = list(cell_thresholds(world.tonight, last, 2, lambda _, segment: segment in ("*", "carrier=AA")))
    page = render_thresholds(world.monitor, last, 2, cells)
    assert "Version 2, carrier=AA" in page
    assert "Errors cost least at 0.5" in page
    assert "EUR a row" in page
    assert page.count("<svg") == 4 * len(cells)
    assert "<script" not in page

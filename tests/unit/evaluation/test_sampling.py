import pandas as pd
import pytest

from obs_dagster.evaluation.sampling import draw_versions, sample_day
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import ingest_logs


@pytest.fixture
def world(small, day):
    """A validated day of two versions; two rows of the first are quarantined."""
    made = small()
    first, second = (made.rows(day, 300, version=version) for version in ("1", "2"))
    first["carrier"] = first["carrier"].astype(object)
    first.loc[first.index[:2], "id"] = None
    made.log(day, pd.concat([first, second], ignore_index=True))
    ingest_logs(made.monitor, day, made.lake)
    validate_day(made.monitor, day, made.lake)
    return made


def draw(world, day, versions, rows):
    return draw_versions(world.monitor, day, world.lake, versions=versions, rows=rows)


def test_a_larger_draw_begins_with_the_smaller_one(world, day):
    few, many = draw(world, day, ["1"], 50)["1"], draw(world, day, ["1"], 120)["1"]
    assert len(few) == 50
    pd.testing.assert_frame_equal(many.iloc[:50], few)


def test_versions_are_drawn_each_for_itself(world, day):
    both = draw(world, day, ["2", "1", "none"], 80)
    assert {version: len(frame) for version, frame in both.items()} == {"2": 80, "1": 80, "none": 0}
    pd.testing.assert_frame_equal(both["1"], draw(world, day, ["1"], 80)["1"])
    assert set(both["2"]["model"]) == {"2"}


def test_quarantined_rows_are_never_drawn(world, day):
    drawn = draw(world, day, ["1"], 1000)["1"]
    assert len(drawn) == 298
    assert drawn.index.notna().all()


def test_explanations_and_evidently_see_the_same_rows(world, day):
    drawn = draw(world, day, ["1"], 70)["1"]
    assert list(sample_day(world.monitor, day, "1", world.lake, 70).index) == sorted(drawn.index)
    assert list(drawn.index) != sorted(drawn.index)

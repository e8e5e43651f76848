"""What is wrong with training rows is named by file, column, number and example."""

import pytest

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.training_faults import training_faults


def faults(world, *files, kind="parquet"):
    with connect() as connection:
        return training_faults(connection, world.monitor, SourceFiles(kind, "training", tuple(files)))


def test_sound_rows_have_none(small, day):
    world = small()
    assert faults(world, world.write("training/1.parquet", world.rows(day))) == []


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
def test_values_of_another_type(small, day, kind):
    world = small()
    rows = world.rows(day)
    rows["temp"] = ["warm" if place < 7 else str(place) for place in range(len(rows))]
    sound = world.write(f"training/a.{kind}", world.rows(day).astype({"temp": str}))
    spoiled = world.write(f"training/b.{kind}", rows)
    (told,) = faults(world, sound, spoiled, kind=kind)
    assert told.startswith(f"{spoiled}: 7 values of temp are not numbers")
    assert '"warm"' in told


@pytest.mark.parametrize(("score", "example"), [(1.5, "1.5"), (-0.25, "-0.25"), (63.0, "63.0")])
def test_scores_beyond_one(small, day, score, example):
    world = small()
    rows = world.rows(day)
    rows.loc[:2, "score"] = score
    (told,) = faults(world, world.write("training/1.parquet", rows))
    assert told.endswith(f"3 values of score are not between 0 and 1, such as {example}")


def test_the_baseline_names_them_when_it_is_prepared(small, day):
    world = small()
    world.train("1")
    rows = world.rows(day, version="2")
    world.write("training/2.parquet", rows.assign(score=rows["score"] * 100 + 1))
    (told,) = prepare_baseline(world.monitor, world.lake).faults
    assert "training/2.parquet: 200 values of score" in told
    assert prepare_baseline(world.monitor, world.lake).faults == ()

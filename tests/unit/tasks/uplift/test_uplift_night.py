"""Models of what a treatment does, from files to records."""

import numpy as np
import pyarrow as pa
import pytest

from obs_dagster.lake.columns import LABEL
from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.sources.files import connect
from obs_dagster.tasks.uplift.outcomes import OUTCOMES

COLUMNS = {"prediction_id": "id", "time": "at", "version": "model", "score": "uplift", "treatment": "coupon"}


@pytest.fixture
def world(small):
    """A small world whose score is an uplift, with a coupon for every other customer by chance."""
    logs = {"source": "parquet", "path": "logs/{day}.*", "columns": COLUMNS}
    return small(task="uplift", logs=logs)


def served(frame, seed=0):
    rng = np.random.default_rng(seed)
    uplift = rng.normal(0.05, 0.2, len(frame))
    # other words than labels have
    return frame.assign(uplift=uplift, coupon=rng.choice(["yes", "no"], len(frame))).drop(columns="score")


def night(world, day, change=lambda frame: frame):
    world.write("training/1.parquet", served(world.rows(day, 600, seed=7), 1))
    frame = served(world.rows(day, 2_000))
    rng = np.random.default_rng(3)
    late = rng.random(2_000) < 0.3 + np.where(frame["coupon"] == "yes", frame["uplift"], 0)
    world.log(day, change(frame))
    world.labels("1.parquet", frame, day=day, late=late)
    return {(r.metric, r.column, r.segment, r.window): r for r in world.night(day)}, frame, late


def test_a_night_has_what_the_rows_say(world, day):
    found, frame, late = night(world, day)
    treated = (frame["coupon"] == "yes").to_numpy()
    average = found["average_uplift", "", "*", 1]
    assert average.value == pytest.approx(late[treated].mean() - late[~treated].mean())
    assert average.n == 2_000
    assert found["qini", "", "*", 1].low > 0
    assert found["treatment_auc", "", "*", 1].low < 0.5 < found["treatment_auc", "", "*", 1].high
    assert found["treated_share", "", "carrier=AA", 7].value == pytest.approx(0.5, abs=0.1)
    assert found["auuc", "", "carrier=AA", 1].value is not None
    assert found["label_coverage", "", "*", 1].value == 1
    # the treatment and the score are watched for drift as all outputs are
    assert found["psi", "uplift", "*", 1].value < 0.1
    assert found["psi", "coupon", "*", 1].value < 0.05


def test_rows_whose_treatment_is_not_known_break_the_contract(world, day):
    def spoiled(frame):
        return frame.assign(coupon=["perhaps"] * 10 + [None] * 5 + list(frame["coupon"][15:]))

    found, *_ = night(world, day, spoiled)
    assert found["quarantined_share", "", "*", 1].value == 15 / 2_000
    assert found["average_uplift", "", "*", 1].n == 1_985


def test_spark_counts_the_same(world, spark):
    import narwhals as nw

    from obs_dagster.engine.spark import SparkEngine
    from obs_dagster.spark.session import spark_session

    rng = np.random.default_rng(5)
    n = 3_000
    rows = pa.table(
        {
            "model": rng.choice(["1", "2"], n),
            "carrier": pa.array(rng.choice(["AA", "UA", None], n)),
            "uplift": pa.array(rng.normal(0.05, 0.2, n), mask=rng.random(n) < 0.1),
            "coupon": pa.array(rng.random(n) < 0.5, mask=rng.random(n) < 0.1),
            LABEL: pa.array(rng.random(n) < 0.3, mask=rng.random(n) < 0.2),
        }
    )
    grids = Grids({"carrier": CategoryGrid(), "uplift": AsinhGrid(centre=0.05, scale=0.2)})
    with connect() as connection:
        connection.register("log", rows)
        here = OUTCOMES.reduce(nw.from_native(connection.table("log")), world.monitor, grids, [])
    frame = spark_session(SparkEngine(**spark)).createDataFrame(rows)
    there = OUTCOMES.reduce(nw.from_native(frame), world.monitor, grids, [])
    assert here.num_rows > 100
    assert there.drop_columns("score_sum").equals(here.drop_columns("score_sum"))
    # floats are added up in another order there
    np.testing.assert_allclose(there["score_sum"].to_numpy(), here["score_sum"].to_numpy(), atol=1e-9)

"""Outcomes of classes against counts by other means on the raw rows."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obs_dagster.profile.profile import merge_rows
from obs_dagster.tasks.multiclass.table import ADDED, KEYS, SCHEMA, SUMS

EXACT = [name for name in SCHEMA.names if name not in SUMS]


def awkward(raw, n=3_000):
    """Rows with ties, unknown labels, classes that nobody declared, and scores that break the contract."""
    rows = raw.rows(5, n, 4, decimals=2)
    rng = np.random.default_rng(6)
    rows.scores /= rows.scores.sum(axis=1, keepdims=True)
    rows.scores[::7] = np.eye(4)[rng.integers(0, 4, len(rows.scores[::7]))]
    rows.scores[::11] = 0.25
    label = rows.labels
    label[rng.random(n) < 0.1] = None
    label[rng.random(n) < 0.05] = "never seen"
    scores = [pa.array(rows.scores[:, place], mask=rng.random(n) < 0.02) for place in range(4)]
    broken = rows.scores[:, 0].copy()
    broken[rng.random(n) < 0.05] = np.nan
    broken[rng.random(n) < 0.05] = np.inf
    broken[rng.random(n) < 0.05] += 0.5
    broken[rng.random(n) < 0.05] *= -1
    served = np.where(rng.random(n) < 0.7, rows.prediction, "class 2").astype(object)
    served[rng.random(n) < 0.1] = None
    served[rng.random(n) < 0.02] = "nobody"
    return rows, pa.table(
        {
            "model": rng.choice(["1", "2"], n),
            "_obs_day": rng.choice(["2024-03-04", "2024-03-05"], n),
            "carrier": pa.array(rng.choice(["AA", "UA", None], n), pa.string()),
            **{f"p_{name}": values for name, values in zip(rows.names, [broken, *scores[1:]], strict=True)},
            "_obs_label": pa.array(label, pa.string()),
            "served": pa.array(served, pa.string()),
        }
    )


def assert_same(one, other):
    names = [name for name in one.schema.names if name not in SUMS]
    assert one.select(names).equals(other.select(names))
    for name in SUMS:
        np.testing.assert_allclose(one[name].to_numpy(), other[name].to_numpy(), rtol=1e-12)


@pytest.mark.parametrize(("scores", "prediction"), [(True, "served"), (True, None), (False, "served")])
def test_every_engine_gives_the_same_outcomes(raw, reduced, scores, prediction):
    rows, table = awkward(raw)
    options = {"by": ["_obs_day"], "scores": scores, "prediction": prediction}
    found = [reduced(table, rows.names, engine=engine, **options) for engine in ("loops", "expressions")]
    assert found[0].num_rows > (1_000 if scores else 100)
    assert_same(*found)


def test_spark_gives_the_same(raw, reduced, spark):
    from obs_dagster.engine.spark import SparkEngine
    from obs_dagster.spark.session import spark_session

    rows, table = awkward(raw)
    options = {"by": ["_obs_day"], "prediction": "served"}
    session = spark_session(SparkEngine(**spark))
    found = reduced(table, rows.names, engine="expressions", session=session, **options)
    assert_same(found, reduced(table, rows.names, **options))


def test_a_log_that_lost_a_column_of_scores_has_none(raw, reduced):
    rows, table = awkward(raw)
    for engine in ("loops", "expressions"):
        found = reduced(table.drop("p_class 3"), rows.names, engine=engine, prediction="served")
        assert set(found["part"].to_pylist()) == {"pair"}


def test_confusion_is_that_of_scikit_learn(raw, reduced):
    from sklearn.metrics import confusion_matrix

    rows, table = awkward(raw)
    table = table.filter(pa.compute.equal(table["model"], "1"))
    found = raw.cell(reduced(table, rows.names, prediction="served"), rows.names)
    known = table.filter(
        pa.compute.and_(pa.compute.is_valid(table["_obs_label"]), pa.compute.is_valid(table["served"]))
    )
    label, served = (
        np.array([name if name in rows.names else "(other)" for name in known[column].to_pylist()])
        for column in ("_obs_label", "served")
    )
    expected = confusion_matrix(label, served, labels=[*rows.names, "(other)"])
    unserved = table.num_rows - known.num_rows
    assert (expected <= found.confusion).all()
    # rows that nothing was served for have the class of the highest score, where there are sound scores
    assert 0 < found.n - expected.sum() < unserved
    assert found.predictions == table.num_rows


def test_prediction_is_the_first_of_the_highest_scores(raw, reduced):
    rows = raw.rows(1, 500, 3)
    rows.scores[:] = [0.2, 0.4, 0.4]
    found = raw.cell(reduced(rows.table(), rows.names, segments=()), rows.names)
    np.testing.assert_array_equal(found.predicted, [0, 500, 0, 0])
    np.testing.assert_array_equal(rows.prediction, "class 1")


def test_segment_cells_add_up_to_the_whole(raw, reduced):
    rows, table = awkward(raw)
    found = reduced(table, rows.names, prediction="served")
    segments = set(found["segment"].to_pylist()) - {"*"}
    assert segments == {"carrier=AA", "carrier=UA", "carrier=(null)"}
    whole = raw.cell(found, rows.names)
    cells = [raw.cell(found, rows.names, segment=segment) for segment in segments]
    np.testing.assert_array_equal(sum(cell.confusion for cell in cells), whole.confusion)
    np.testing.assert_array_equal(sum(cell.top.counts for cell in cells), whole.top.counts)
    np.testing.assert_allclose(sum(cell.top.sums for cell in cells), whole.top.sums)
    for name in rows.names:
        assert sum(cell.scores[name].positives.sum() for cell in cells) == whole.scores[name].positives.sum()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 300), seed=st.integers(0, 100))
def test_merged_parts_are_the_whole_in_any_order(raw, reduced, cut, seed):
    rows, table = awkward(raw, 300)
    table = table.take(np.random.default_rng(seed).permutation(300))
    whole = reduced(awkward(raw, 300)[1], rows.names, prediction="served")
    parts = [
        reduced(part, rows.names, prediction="served") for part in (table.slice(0, cut), table.slice(cut))
    ]
    assert_same(merge_rows(pa.concat_tables(parts), KEYS, ADDED), whole)


def test_the_table_is_bounded(raw, reduced):
    rows = raw.rows(3, 40_000, 20)
    found = reduced(rows.table(carrier=["AA"] * 40_000), rows.names)
    parts = found["part"].to_pylist()
    whole = [
        part for part, segment in zip(parts, found["segment"].to_pylist(), strict=True) if segment == "*"
    ]
    assert whole.count("pair") <= 22**2
    assert whole.count("top") <= 120
    assert whole.count("score") <= 2 * 20 * 1_628
    assert (len(parts) - len(whole)) <= 22**2 + 120 + 2 * 20 * 407


def test_no_rows_are_no_outcomes(raw, reduced):
    rows = raw.rows(3, 10, 3)
    for engine in ("loops", "expressions"):
        found = reduced(rows.table().slice(0, 0), rows.names, segments=(), engine=engine)
        assert found.num_rows == 0
        assert raw.cell(found, rows.names).n == 0


def test_schema_is_that_of_the_table(raw, reduced):
    rows = raw.rows(3, 10, 3)
    found = reduced(rows.table(), rows.names, segments=(), by=[])
    assert found.schema == SCHEMA
    assert [*KEYS, *ADDED] == SCHEMA.names

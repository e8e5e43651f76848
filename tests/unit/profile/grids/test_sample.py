import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa

from obs_dagster.profile.grids import sample
from obs_dagster.profile.grids.sample import SHAPE_ROWS, sample_numbers

ROWS = """
    SELECT
        i::INTEGER AS whole,
        CASE i % 10 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN NULL ELSE i / 7 END AS real"""


def sampled(rows):
    relation = duckdb.connect().sql(f"{ROWS} FROM range({rows}) AS t(i)")
    return sample_numbers(nw.from_native(relation), ["whole", "real"])


def test_few_rows_are_all_taken():
    found = sampled(1_000)
    np.testing.assert_array_equal(found["whole"], np.arange(1_000))
    assert len(found["real"]) == 800


def test_many_rows_give_a_bounded_sample_that_has_their_quartiles():
    found = sampled(1_500_000)
    assert SHAPE_ROWS / 3 < len(found["whole"]) <= SHAPE_ROWS
    np.testing.assert_allclose(len(found["real"]) / len(found["whole"]), 0.8, atol=0.01)
    quartiles = np.quantile(found["whole"], [0.25, 0.5, 0.75]) / 1_500_000
    np.testing.assert_allclose(quartiles, [0.25, 0.5, 0.75], atol=0.01)
    again = sampled(1_500_000)
    np.testing.assert_array_equal(found["real"], again["real"])


def test_rows_of_another_engine_are_sampled_too(monkeypatch):
    monkeypatch.setattr(sample, "SHAPE_ROWS", 100)
    rows = nw.from_native(pa.table({"x": np.arange(5_000)})).lazy()
    assert 30 < len(sample_numbers(rows, ["x"])["x"]) <= 100

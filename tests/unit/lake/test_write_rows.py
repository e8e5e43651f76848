"""Rows as Parquet, of which some can be read without the others."""

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from obs_dagster.lake import lake
from obs_dagster.lake.lake import write_rows


def test_codes_are_written_as_texts_whose_range_readers_know(tmp_path, monkeypatch):
    monkeypatch.setattr(lake, "group_rows", lambda _columns: 2)
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 0, 1, 1, 2], pa.int32()), ["a", "b", "c"])
    rows = pa.table({"column": codes, "n": pa.array([1, 2, 3, 4, 5])}).replace_schema_metadata({"obs": "{}"})
    write_rows(rows, tmp_path / "rows.parquet")
    file = pq.ParquetFile(tmp_path / "rows.parquet")
    found = file.read()
    assert found.schema.field("column").type == pa.string()
    assert found.to_pydict() == {"column": ["a", "a", "b", "b", "c"], "n": [1, 2, 3, 4, 5]}
    assert found.schema.metadata[b"obs"] == b"{}"
    groups = [file.metadata.row_group(number).column(0).statistics for number in range(file.num_row_groups)]
    assert [(each.min, each.max) for each in groups] == [("a", "a"), ("b", "b"), ("c", "c")]


def test_no_rows_keep_their_columns_and_what_is_said_of_them(tmp_path):
    rows = pa.table({"n": pa.array([], pa.int64())}).replace_schema_metadata({"obs": "{}"})
    write_rows(rows, tmp_path / "rows.parquet")
    found = pq.read_table(tmp_path / "rows.parquet")
    assert (found.num_rows, found.schema.metadata[b"obs"]) == (0, b"{}")


def test_numbers_that_all_differ_are_no_codes_in_a_file_of_counts(tmp_path):
    rng = np.random.default_rng(3)
    extremes = [None if place % 3 else value for place, value in enumerate(rng.standard_normal(9_000))]
    rows = pa.table(
        {
            "column": pa.array(["hour", "temp"] * 4_500),
            "key": pa.array(np.arange(9_000) // 5, pa.float64()),
            "n": pa.array(rng.integers(1, 900, 9_000)),
            "minimum": pa.array(extremes, pa.float64()),
            "total": pa.array([1.5, -0.0, float("inf")] * 3_000),
        }
    )
    path, codes = tmp_path / "counts.parquet", tmp_path / "codes.parquet"
    write_rows(rows, path, counts=("key", "n"))
    write_rows(rows, codes)
    group = pq.ParquetFile(path).metadata.row_group(0)
    encoded = {each.path_in_schema: set(each.encodings) for each in map(group.column, range(5))}
    assert "DELTA_BINARY_PACKED" in encoded["n"]
    assert "BYTE_STREAM_SPLIT" in encoded["key"] & encoded["minimum"]
    assert "RLE_DICTIONARY" in encoded["column"] & encoded["total"]
    assert path.stat().st_size < 0.8 * codes.stat().st_size
    assert pq.read_table(path).equals(rows)
    assert duckdb.sql(f"SELECT * FROM '{path}'").to_arrow_table().equals(rows)

"""Days of vectors are written to Parquet as they come."""

import pyarrow.parquet as pq
import pytest

from obs_dagster.sources.files import connect
from obs_dagster.sources.session_failure import not_the_input
from obs_dagster.sources.streamed import FAILURES, write_streamed

_QUERY = (
    "SELECT i AS id, 'a' || i % 3 AS name, [i, i / 2]::FLOAT[] AS vector, "
    "TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_seconds(i) AS at FROM range({rows}) t(i)"
)


@pytest.mark.parametrize("rows", [0, 1, 5_000])
def test_rows_arrive_in_order_with_what_is_said_of_them(tmp_path, rows):
    path, query = tmp_path / "data.parquet", _QUERY.format(rows=rows)
    with connect() as connection:
        write_streamed(connection, query, path, {"obs": "{}"}, width=10_000)
        read = connection.sql(f"SELECT * FROM read_parquet('{path}')")
        expected = connection.sql(query)
        assert read.types == expected.types
        assert read.fetchall() == expected.fetchall()
    file = pq.ParquetFile(path)
    assert file.metadata.metadata[b"obs"] == b"{}"
    # of wide rows a row group has few
    assert file.metadata.num_row_groups == -(-rows // 2_048)


def test_what_fails_within_a_stream_is_told_as_what_it_is(tmp_path):
    path = tmp_path / "data.parquet"
    with connect() as connection:
        failing = "SELECT if(i = 9999, error('Out of Memory Error: none left'), i) FROM range(10000) t(i)"
        with pytest.raises(FAILURES) as caught:
            write_streamed(connection, failing, path, {}, width=1)
    told = not_the_input(caught.value, [path])
    assert told is not None
    assert "no memory" in told.message

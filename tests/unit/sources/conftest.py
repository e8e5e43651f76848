import duckdb
import pyarrow as pa
import pytest
from sqlalchemy import create_engine


@pytest.fixture(params=["duckdb", "postgresql"])
def warehouse(request, tmp_path):
    """Writes tables of a DuckDB file or of a real PostgreSQL; `url` is what Ibis connects to."""
    if request.param == "duckdb":
        return _DuckDB(tmp_path / "warehouse.ddb")
    return _PostgreSQL(request.getfixturevalue("postgres_database")())


class _DuckDB:
    def __init__(self, path):
        self._path = path
        self.url = f"duckdb://{path}"

    def write(self, table, frame):
        """Replace a table by the rows of a frame."""
        with duckdb.connect(self._path) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.register("frame", pa.Table.from_pandas(frame, preserve_index=False))
            connection.execute(f"CREATE OR REPLACE TABLE {table} AS FROM frame")

    def execute(self, statement):
        with duckdb.connect(self._path) as connection:
            connection.execute(statement)


class _PostgreSQL:
    def __init__(self, url):
        self._url = url
        self.url = url.replace("postgresql+psycopg2://", "postgres://")

    def write(self, table, frame):
        """Replace a table by the rows of a frame."""
        engine = create_engine(self._url)
        frame.to_sql(table, engine, if_exists="replace", index=False)
        engine.dispose()

    def execute(self, statement):
        engine = create_engine(self._url)
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

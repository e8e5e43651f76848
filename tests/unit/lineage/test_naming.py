"""Data is called what its own programs call it."""

import pytest

from obs_dagster.lineage.naming import Name, of_files, of_table


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/logs/day=*/part.parquet", Name("file", "/logs")),
        ("/a/b/../logs/x.csv", Name("file", "/a/logs/x.csv")),
        ("/*.csv", Name("file", "/")),
        ("file:///logs/x.csv", Name("file", "/logs/x.csv")),
        ("s3a://bucket/*.parquet", Name("s3://bucket", "/")),
        ("gcs://bucket/logs/{day:%Y}/x", Name("gs://bucket", "logs")),
        ("https://me:secret@host/logs/x.csv", Name("https://host", "logs/x.csv")),
        (
            "abfss://box@store.dfs.core.windows.net/a/*",
            Name("abfss://box@store.dfs.core.windows.net", "a"),
        ),
    ],
)
def test_files(path, expected):
    assert of_files(path) == expected


@pytest.mark.parametrize(
    ("url", "table", "expected"),
    [
        ("postgres://h:6543/db", "serving.log", Name("postgres://h:6543", "db.serving.log")),
        ("postgresql+psycopg2://h/db", "log", Name("postgres://h:5432", "db.public.log")),
        ("mysql://u:p@h/db", "log", Name("mysql://h:3306", "db.log")),
        ("mssql://h/db", "log", Name("mssql://h:1433", "db.dbo.log")),
        ("trino://u@h:8443/hive/serving", "log", Name("trino://h:8443", "hive.serving.log")),
        ("sqlite:///data/a%20b.db", "log", Name("sqlite", "/data/a b.db/log")),
    ],
)
def test_tables(url, table, expected):
    assert of_table(url, table) == expected

"""What data is called in OpenLineage: the same name as any other program gives it, so that graphs join.

Source: OpenLineage's naming conventions, https://openlineage.io/docs/spec/naming.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from obs_dagster.sources.shown_path import shown_path

_PORTS = {"postgres": 5432, "mysql": 3306, "mssql": 1433, "trino": 8080, "clickhouse": 8123, "oracle": 1521}
_ALIASES = {"postgresql": "postgres", "mariadb": "mysql", "gcs": "gs", "s3a": "s3", "s3n": "s3"}
_SCHEMAS = {"postgres": "public", "mssql": "dbo"}
#: Their address is `container@account`; elsewhere a user and a password would stand before the `@`.
_CONTAINERS = ("abfss", "wasbs")
_NOT_LITERAL = re.compile(r"[{*?\[$]")


@dataclass(frozen=True, slots=True)
class Name:
    """A dataset's name.

    Attributes:
        namespace: where it is: `file`, `s3://bucket`, `postgres://host:port`.
        name: what it is called there.
    """

    namespace: str
    name: str


def of_files(path: str) -> Name:
    """The name of files, by an absolute path or URL, without what differs from day to day.

    >>> of_files("/logs/flights/{day}/*.parquet")
    Name(namespace='file', name='/logs/flights')
    >>> of_files("s3://logs/flights/day={day}/part-*.parquet")
    Name(namespace='s3://logs', name='flights')
    >>> of_files("/logs/all.csv")
    Name(namespace='file', name='/logs/all.csv')
    """
    scheme, separator, rest = path.partition("://")
    if not separator:
        return Name("file", literal(shown_path(path)) or "/")
    bucket, _, key = rest.partition("/")
    scheme = _ALIASES.get(scheme, scheme)
    if scheme == "file":
        return Name("file", f"/{literal(key)}")
    place = bucket if scheme in _CONTAINERS else bucket.rpartition("@")[2]
    return Name(f"{scheme}://{place}", literal(key) or "/")


def of_table(url: str, table: str) -> Name:
    """The name of a table of a database, by the URL of the connection; user and password are not in it.

    >>> of_table("postgresql://night:secret@db.example/scores", "predictions")
    Name(namespace='postgres://db.example:5432', name='scores.public.predictions')
    >>> of_table("bigquery://project/dataset", "predictions")
    Name(namespace='bigquery', name='project.dataset.predictions')
    >>> of_table("snowflake://u:p@account/DB/SERVING", "PREDICTIONS")
    Name(namespace='snowflake://account', name='DB.SERVING.PREDICTIONS')
    >>> of_table("duckdb:///data/scores.duckdb", "predictions")
    Name(namespace='duckdb', name='/data/scores.duckdb/predictions')
    """
    parts = urlsplit(url)
    scheme = _ALIASES.get(parts.scheme.partition("+")[0], parts.scheme.partition("+")[0])
    if scheme == "bigquery":
        return Name("bigquery", ".".join(filter(None, (parts.hostname, *_path(parts), table))))
    if scheme == "snowflake":
        return Name(f"snowflake://{parts.hostname or ''}", ".".join((*_path(parts), table)))
    if not parts.hostname:
        # a database that is a file
        return Name(scheme, f"{unquote(parts.path)}/{table}")
    port = parts.port or _PORTS.get(scheme)
    schema = () if "." in table else filter(None, (_SCHEMAS.get(scheme),))
    name = ".".join((*_path(parts), *schema, table))
    return Name(f"{scheme}://{parts.hostname}{f':{port}' if port else ''}", name)


def _path(parts: SplitResult) -> tuple[str, ...]:
    return tuple(unquote(part) for part in parts.path.split("/") if part)


def literal(path: str) -> str:
    """A path up to the first part that stands for several.

    >>> literal("/logs/{day}/part-*.csv"), literal("/logs/all.csv"), literal("*.csv")
    ('/logs', '/logs/all.csv', '')
    """
    kept: list[str] = []
    for part in path.split("/"):
        if _NOT_LITERAL.search(part):
            break
        kept.append(part)
    return "/".join(kept).rstrip("/")

"""Where an Iceberg table is found: in a catalog, or by its newest metadata in its own folder."""

from __future__ import annotations

import os
import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.errors import SourceError
from obs_dagster.sources.tables.library import endpoint, filled, options_of
from obs_dagster.sources.tables.snapshot import TablePlace
from obs_dagster.store import place as place_of

if TYPE_CHECKING:
    from pyiceberg.table import Table

#: URLs that lead to a catalog; other addresses are of the table itself.
_CATALOG = re.compile(r"(https?|thrift|sqlite|postgresql|catalog)(\+\w+)?:|\$\{")
_CONFIGURED = "catalog://"
#: The option that says what a catalog is called, where its database has several.
_NAME = "name"
#: `00004-<uuid>.metadata.json` of most catalogs, `v4.metadata.json` of tables that are folders alone.
_METADATA = re.compile(r"v?(\d+)(?:-[^/]*)?\.metadata\.json")


def is_catalog(path: str) -> bool:
    """Whether an address is that of a catalog.

    >>> [is_catalog(each) for each in ("https://catalog.company", "sqlite:////data/catalog.db", "s3://lake/p")]
    [True, True, False]
    """
    return bool(_CATALOG.match(path))


def loaded(place: TablePlace) -> Table:
    """The table with its present metadata.

    Raises:
        SourceError: there is no table in the folder.
        ObsError: a variable is not set.
        Exception: whatever pyiceberg, the catalog or the store raises.
    """
    from pyiceberg.catalog import load_catalog
    from pyiceberg.table import StaticTable

    properties = _of_stores() | options_of(place)
    if not is_catalog(place.path):
        return StaticTable.from_metadata(newest_metadata(place), properties)
    url = filled(place.path)
    if url.startswith(_CONFIGURED):
        return load_catalog(url.removeprefix(_CONFIGURED).strip("/"), **properties).load_table(place.table)
    if url.startswith("postgresql:"):
        # the driver that is installed with this program
        url = url.replace("postgresql:", "postgresql+psycopg2:", 1)
    properties["uri"] = url
    if not url.startswith(("sqlite", "postgresql")):
        return load_catalog(properties.pop(_NAME, "obs"), **properties).load_table(place.table)
    # a night only reads: a catalog that is not there is none that it makes
    properties["init_catalog_tables"] = "false"
    with closing(load_catalog(properties.pop(_NAME, None) or _named(url, place), **properties)) as catalog:
        return catalog.load_table(place.table)


def _named(url: str, place: TablePlace) -> str:
    """What the catalog is called that has the table: a database may have several.

    Raises:
        SourceError: several have a table of the name.
    """
    from sqlalchemy import create_engine, text

    namespace, _, table = place.table.rpartition(".")
    asked = text(
        "SELECT DISTINCT catalog_name FROM iceberg_tables "
        "WHERE table_namespace = :namespace AND table_name = :table ORDER BY 1"
    )
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            found = connection.execute(asked, {"namespace": namespace, "table": table}).scalars().all()
    finally:
        engine.dispose()
    if len(found) > 1:
        raise SourceError(
            f"Several catalogs in {place.path} have a table {place.table}: {', '.join(found)}.",
            remedy=f"Say which: `{place.section}.options: {{{_NAME}: {found[0]}}}`.",
        )
    return str(found[0]) if found else "default"


def newest_metadata(place: TablePlace) -> str:
    """The address of the newest metadata of a table in a folder.

    Raises:
        SourceError: the folder has none.
    """
    if place.path.endswith(".metadata.json"):
        return place.path
    folder = place_of(place.path.rstrip("/")) / "metadata"
    found = [(int(match[1]), file) for file in _listed(folder) if (match := _METADATA.fullmatch(file.name))]
    if not found:
        raise SourceError(
            f"There is no Iceberg table at {place.path}.",
            remedy=f"Correct `{place.section}.path` in the monitor: the folder that has `metadata/` with "
            "`….metadata.json`, or the URL of a catalog (`https://…`, `sqlite:///…`, `postgresql://…`).",
        )
    return str(max(found, key=lambda each: each[0])[1])


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _of_stores() -> dict[str, str]:
    """What the environment says of stores, under the names that pyiceberg has for it."""
    server, _ = endpoint()
    environ = os.environ.get
    known = {
        "s3.endpoint": server,
        "s3.region": environ("AWS_REGION") or environ("AWS_DEFAULT_REGION"),
        "s3.access-key-id": environ("AWS_ACCESS_KEY_ID"),
        "s3.secret-access-key": environ("AWS_SECRET_ACCESS_KEY"),
        "s3.session-token": environ("AWS_SESSION_TOKEN"),
        "adls.account-name": environ("AZURE_STORAGE_ACCOUNT_NAME"),
        "adls.account-key": environ("AZURE_STORAGE_ACCOUNT_KEY"),
        "adls.sas-token": environ("AZURE_STORAGE_SAS_TOKEN"),
    }
    return {name: value for name, value in known.items() if value}

"""Halves of requests: what of some files has no other half in them, and which halves of other days join it.

A request that is answered after midnight may have its response in the files of the next day, and whoever
writes events in batches may have either half a day late. What is left alone in the files of a day is kept,
and is joined with what was left in those of days beside it; the row is of the day of the request's file.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.lake.columns import RESERVED
from obs_dagster.lake.quoting import identifier, literals
from obs_dagster.pseudonym import pseudonym
from obs_dagster.sources.captures.capture import CAPTURES, Paired, RefusedError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LEFT = f"{RESERVED}left"
OTHERS = f"{RESERVED}others"
_BATCH = 1_000


@dataclass(slots=True)
class Awaited:
    """What halves of a day's files are joined with, and what came of it.

    Attributes:
        theirs: halves of other days, by day.
        until: the last day in whose files another half is looked for.
        since: the first one.
        gone: pseudonyms of ids that are passed over.
        left: files of the halves that were alone in the day's own files.
        alone: how many of them there are still, by side.
        joined: requests of the day whose responses came from the files of other days, by day.
        elsewhere: responses in the day's files whose requests are in those of other days, by day.
        digest: changes with the halves of other days that were joined; empty if none were.
    """

    theirs: dict[dt.date, Path]
    until: dt.date
    since: dt.date
    gone: Collection[str] = ()
    left: list[Path] = field(default_factory=list)
    alone: Counter[str] = field(default_factory=Counter)
    joined: Counter[str] = field(default_factory=Counter)
    elsewhere: Counter[str] = field(default_factory=Counter)
    digest: str = ""

    @property
    def known(self) -> str:
        """Changes with what is joined; for who keeps what was joined."""
        files = [(str(day), str(file), file.stat().st_mtime_ns) for day, file in sorted(self.theirs.items())]
        return repr((files, sorted(self.gone), str(self.since), str(self.until)))

    def told(self, side: str) -> str:
        """What is said of a half that is alone, after the reason."""
        what = "a response" if side == "request" else "a request"
        return f"; {what} in the files of {self.since} to {self.until} is joined when it comes"


def join_halves(connection: duckdb.DuckDBPyConnection, halves: str, theirs: Sequence[Path]) -> str:
    """Make the table `OTHERS`, of the other halves that stand in other days; returns a digest of it.

    Args:
        connection: the session.
        halves: SQL for the halves of a day: `key` and `side`.
        theirs: files of halves of other days.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {OTHERS} (key VARCHAR, side VARCHAR, day VARCHAR, record VARCHAR)"
    )
    if theirs:
        files = f"read_parquet({literals(map(str, theirs))}, hive_partitioning = false)"
        connection.execute(
            f"INSERT INTO {OTHERS} SELECT key, other.side, day, record FROM {files} AS other "
            f"JOIN (SELECT DISTINCT key, side FROM {halves}) AS own USING (key) WHERE other.side != own.side"
        )
    told = "sha256(concat_ws(chr(10), key, side, day, record))"
    [(digest,)] = connection.execute(
        f"SELECT left(sha256(string_agg({told}, '' ORDER BY {told})), 16) FROM {OTHERS}"
    ).fetchall()
    return digest or ""


def left_alone(
    connection: duckdb.DuckDBPyConnection, table: str, gone: Collection[str]
) -> Iterator[pa.RecordBatch]:
    """The halves in a table of records that have no other half in it.

    Args:
        connection: the session.
        table: of records: `key`, `side`, `place`, `record`; the side is empty of records that are requests
            as a whole.
        gone: pseudonyms of ids that are passed over.
    """
    import pyarrow as pa

    alone = (
        f"SELECT key FROM {identifier(table)} WHERE side != '' GROUP BY key HAVING count(DISTINCT side) = 1"
    )
    found = connection.execute(
        f"SELECT key, side, place, record FROM {identifier(table)} WHERE key IN ({alone}) ORDER BY rowid"
    )
    forms = CAPTURES.all()
    while batch := found.fetchmany(_BATCH):
        kept = []
        for key, side, place, record in batch:
            form, _, own = key.partition(" ")
            ids = _ids(own, forms[form], record)
            if not (gone and any(pseudonym(each) in gone for each in ids)):
                kept.append({"key": key, "ids": ids, "side": side, "place": place, "record": record})
        yield pa.RecordBatch.from_pylist(kept, _schema())


def _ids(own: str, form: object, record: str) -> list[str]:
    """The ids of the predictions that a half is about."""
    number = 1
    if isinstance(form, Paired):
        try:
            number = form.instances(json.loads(record))
        except (RefusedError, RecursionError):
            number = 1
    return [own, *(f"{own}:{place}" for place in range(number))] if number > 1 else [own]


def _schema() -> pa.Schema:
    import pyarrow as pa

    text = pa.string()
    return pa.schema({"key": text, "ids": pa.list_(text), "side": text, "place": text, "record": text})


def write_left(connection: duckdb.DuckDBPyConnection, table: str, gone: Collection[str], path: Path) -> None:
    """Write the halves in a table that have no other half in it, see `left_alone`."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, _schema(), compression="zstd") as writer:
        for batch in left_alone(connection, table, gone) if table else ():
            writer.write_batch(batch)

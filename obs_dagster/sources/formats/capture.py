"""Captures of serving platforms, JSON lines or Parquet, unwrapped into rows that are read as JSON lines are.

Records are read one after the other, and those of one request that stand apart are brought together by
DuckDB, so memory does not grow with the files. A record that is no prediction is a row without values that
says why (`capture_error`): it breaks the contract and is counted in quarantine.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from obs_dagster.lake.columns import RESERVED
from obs_dagster.lake.quoting import identifier
from obs_dagster.scratch import scratch
from obs_dagster.sources.captures.capture import CAPTURES, Capture, RefusedError, capture_of
from obs_dagster.sources.captures.pairing import ERROR
from obs_dagster.sources.formats import jsonl, parquet
from obs_dagster.sources.formats.compressed import opened
from obs_dagster.sources.formats.file_format import FileFormat
from obs_dagster.sources.formats.part import Part, UnreadableError

if TYPE_CHECKING:
    import duckdb

_FOLDER = "captures"
_KEPT = 4
"""So many files of rows are kept in the scratch folder, for who reads the same captures again."""
_BATCH = 1_000
_LONGEST = 16_000_000
"""Bytes of a row that DuckDB reads as one line."""
_PARQUET = b"PAR1"
#: A row as a whole; a column of that name would be taken for it.
_RECORD = f"{RESERVED}record"


class _Place(NamedTuple):
    """A record, or why there is none, and where it stands."""

    where: str
    record: Any = None
    refused: str = ""


def read(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], most: int | None = None) -> list[Part]:
    """The rows of captures (see `Reader`), as one part."""
    parts = jsonl.read(connection, [unwrapped(connection, files, most)], most)
    return [replace(part, refused=ERROR if ERROR in part.found else "") for part in parts]


def capture_in(file: Path) -> str:
    """The form of capture that a file has, by its first record; empty if none."""
    import duckdb

    try:
        with duckdb.connect() as connection:
            first = next(_records(connection, file), None)
    except (OSError, duckdb.Error, UnreadableError):
        return ""
    found = capture_of(first.record) if first is not None else None
    return found.name if found is not None else ""


def unwrapped(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], most: int | None = None) -> Path:
    """The rows of captures as a file of JSON lines, which lasts while other ones are not unwrapped.

    Raises:
        UnreadableError: a file has records, and none of a known form.
        duckdb.Error: DuckDB cannot read a file.
    """
    folder = scratch() / _FOLDER
    folder.mkdir(exist_ok=True)
    asked = [(str(file), status.st_size, status.st_mtime_ns) for file in files for status in [file.stat()]]
    target = folder / f"{hashlib.sha256(repr((asked, most)).encode()).hexdigest()[:24]}.jsonl"
    if target.exists():
        target.touch()
        return target
    aside = target.with_suffix(f".{os.getpid()}-{uuid4().hex}")
    try:
        with aside.open("wb") as stream:
            _Unwrapping(connection, stream, most).every(files)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    for old in sorted(folder.glob("*.jsonl"), key=_changed, reverse=True)[_KEPT:]:
        old.unlink(missing_ok=True)
    return target


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


@dataclass(slots=True)
class _Unwrapping:
    """Writes the rows of files.

    Attributes:
        connection: brings together what is of one request.
        stream: where rows go.
        most: rows, or records of requests that stand apart, that are enough; None for all.
    """

    connection: duckdb.DuckDBPyConnection
    stream: IO[bytes]
    most: int | None
    _taken: int = 0
    _waiting: list[tuple[str, str, str]] = field(default_factory=list)
    _table: str = ""

    def every(self, files: Sequence[Path]) -> None:
        """Write the rows of all files.

        Raises:
            UnreadableError: a file has records, and none of a known form.
        """
        for file in files:
            self._file(file)
        self._put_aside()
        self._together()

    @property
    def _enough(self) -> bool:
        return self.most is not None and self._taken >= self.most

    def _file(self, file: Path) -> None:
        form: Capture | None = None
        refused: list[str] = []
        for place in _records(self.connection, file):
            if self._enough:
                break
            found = None if place.refused else capture_of(place.record, form)
            if found is None:
                why = f"{place.where}: {place.refused or 'it is of no form of capture that is known'}"
                if form is None:
                    refused.append(why)
                    if len(refused) > _BATCH:
                        break
                else:
                    self._refuse(why)
                continue
            form = found
            self._take(found, place)
        if form is None and refused:
            known = ", ".join(CAPTURES.all())
            raise UnreadableError(
                file, f"has no record of a known form ({refused[0]})", f"The forms are: {known}"
            )
        for why in refused:
            self._refuse(why)

    def _take(self, form: Capture, place: _Place) -> None:
        """Write the rows of a request, or keep one of several records for later."""
        try:
            key = form.key(place.record)
        except RefusedError as error:
            self._refuse(f"{place.where}: {error}")
            return
        if key is None:
            self._request(form, place.where, [place.record])
            return
        # half a character is legal in JSON, and nowhere else
        whole = f"{form.name} {key}".encode("utf-8", "replace").decode("utf-8")
        self._waiting.append((whole, place.where, json.dumps(place.record)))
        self._taken += 1
        if len(self._waiting) >= _BATCH:
            self._put_aside()

    def _request(self, form: Capture, where: str, records: Sequence[Mapping[str, Any]]) -> None:
        try:
            # all of them, or none
            lines = [_line(row) for row in form.rows(records)]
        except RefusedError as error:
            self._refuse(f"{where}: {error}")
            return
        except RecursionError:
            self._refuse(f"{where}: it is nested too deeply")
            return
        for line in lines:
            self._write(line)

    def _refuse(self, why: str) -> None:
        self._write(_line({ERROR: why}))

    def _write(self, line: bytes) -> None:
        self.stream.write(line)
        self._taken += 1

    def _put_aside(self) -> None:
        """Keep records that wait for others in a table, which may be larger than memory."""
        import pyarrow as pa

        if not self._waiting:
            return
        if not self._table:
            self._table = f"capture_{uuid4().hex}"
            self.connection.execute(
                f"CREATE TEMP TABLE {identifier(self._table)} (key VARCHAR, place VARCHAR, record VARCHAR)"
            )
        keys, places, records = zip(*self._waiting, strict=True)
        name = f"{self._table}_read"
        columns = {"key": pa.array(keys), "place": pa.array(places), "record": pa.array(records)}
        self.connection.register(name, pa.table(columns))
        self.connection.execute(f"INSERT INTO {identifier(self._table)} FROM {identifier(name)}")
        self.connection.unregister(name)
        self._waiting.clear()

    def _together(self) -> None:
        """Write the rows of requests whose records stand apart."""
        if not self._table:
            return
        found = self.connection.execute(
            "SELECT key, first(place ORDER BY rowid), list(record ORDER BY rowid) "
            f"FROM {identifier(self._table)} GROUP BY key ORDER BY min(rowid)"
        )
        forms = CAPTURES.all()
        while batch := found.fetchmany(_BATCH):
            for key, place, records in batch:
                self._request(forms[key.partition(" ")[0]], place, [json.loads(each) for each in records])
        self.connection.execute(f"DROP TABLE {identifier(self._table)}")


def _records(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[_Place]:
    with file.open("rb") as stream:
        is_parquet = stream.read(len(_PARQUET)) == _PARQUET
    return _of_parquet(connection, file) if is_parquet else _of_lines(file)


def _of_lines(file: Path) -> Iterator[_Place]:
    with opened(file) as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield _parsed(f"line {number}", line)


def _of_parquet(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[_Place]:
    # a session beside, for this one may write in between
    found = connection.cursor().execute(
        f"SELECT to_json({_RECORD}) FROM {parquet.table_function([file])} AS {_RECORD}"
    )
    number = 0
    while batch := found.fetchmany(_BATCH):
        for (record,) in batch:
            number += 1
            yield _parsed(f"row {number}", record)


def _parsed(where: str, text: bytes | str) -> _Place:
    try:
        return _Place(where, json.loads(text))
    except RecursionError:
        return _Place(where, refused="it is nested too deeply")
    except ValueError:
        return _Place(where, refused="it is not JSON, or cut")


def _line(row: Mapping[str, Any]) -> bytes:
    # every file has the column, so that it does not come and go with the records that are refused
    whole = {**row, ERROR: row.get(ERROR)}
    try:
        text = json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(whole), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    line = text.encode("utf-8", "replace") + b"\n"
    if len(line) > _LONGEST:
        raise RefusedError(f"a row is longer than {_LONGEST:,} bytes")
    return line


def _finite(value: Any) -> Any:
    """The same with texts in the place of what JSON has no numbers for."""
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


FORMAT = FileFormat("capture", read, (".log",))

"""Captures of serving platforms, unwrapped into rows that are read as JSON lines are.

Records are read one after the other, and those of one request that stand apart are brought together by
DuckDB, so memory does not grow with the files. A record that is no prediction is a row without values that
says why (`capture_error`): it breaks the contract and is counted in quarantine.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import uuid4

from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.scratch import scratch
from obs_dagster.sources.captures.awaited import OTHERS, Awaited, join_halves, write_left
from obs_dagster.sources.captures.capture import CAPTURES, Capture, Paired, RefusedError, capture_of
from obs_dagster.sources.captures.pairing import ERROR, NO_RESPONSE
from obs_dagster.sources.formats import jsonl
from obs_dagster.sources.formats.capture_records import LONGEST, Place, dated, records
from obs_dagster.sources.formats.file_format import FileFormat
from obs_dagster.sources.formats.part import Part, UnreadableError

if TYPE_CHECKING:
    import duckdb

_FOLDER = "captures"
_KEPT = 4
"""So many files of rows are kept in the scratch folder, for who reads the same captures again."""
_BATCH = 1_000


def read(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], most: int | None = None) -> list[Part]:
    """The rows of captures (see `Reader`), as one part."""
    return read_joined(connection, files, most)


def read_joined(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    most: int | None = None,
    awaited: Awaited | None = None,
) -> list[Part]:
    """The rows of captures, of which halves are joined with those of other days.

    Args:
        connection: the session that reads them.
        files: the files, in order.
        most: rows that are enough; None for all.
        awaited: the halves of other days, which is told what came of it; None to join none.
    """
    rows = unwrapped(connection, files, most, awaited)
    if awaited is not None:
        _tell(connection, _left_of(rows), awaited)
    parts = jsonl.read(connection, [rows], most)
    return [replace(part, refused=ERROR if ERROR in part.found else "") for part in parts]


def capture_in(file: Path) -> str:
    """The form of capture that a file has, by its first record; empty if none."""
    import duckdb

    try:
        with duckdb.connect() as connection:
            first = next(records(connection, file), None)
    except (OSError, duckdb.Error, UnreadableError):
        return ""
    found = capture_of(first.record) if first is not None else None
    return found.name if found is not None else ""


def unwrapped(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    most: int | None = None,
    awaited: Awaited | None = None,
) -> Path:
    """The rows of captures as a file of JSON lines, which lasts while other ones are not unwrapped.

    Raises:
        UnreadableError: a file has records, and none of a known form.
        duckdb.Error: DuckDB cannot read a file.
    """
    folder = scratch() / _FOLDER
    folder.mkdir(exist_ok=True)
    asked = [(str(file), status.st_size, status.st_mtime_ns) for file in files for status in [file.stat()]]
    known = repr((asked, most, awaited.known if awaited else ""))
    target = folder / f"{hashlib.sha256(known.encode()).hexdigest()[:24]}.jsonl"
    if target.exists():
        target.touch()
        return target
    aside = target.with_suffix(f".{os.getpid()}-{uuid4().hex}")
    try:
        with aside.open("wb") as stream:
            _Unwrapping(connection, stream, most, awaited, _left_of(target)).every(files)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    for old in sorted(folder.glob("*.jsonl"), key=_changed, reverse=True)[_KEPT:]:
        old.unlink(missing_ok=True)
        _left_of(old).unlink(missing_ok=True)
    return target


def _left_of(rows: Path) -> Path:
    """Where the halves are that are alone in the files of some rows."""
    return rows.with_suffix(".halves")


def _tell(connection: duckdb.DuckDBPyConnection, left: Path, awaited: Awaited) -> None:
    """Say what came of the halves of some files."""
    halves = f"read_parquet({literal(str(left))})"
    digest = join_halves(connection, halves, list(awaited.theirs.values()))
    awaited.left.append(left)
    awaited.digest = f"{awaited.digest}{digest}"
    found = connection.execute(
        f"SELECT side, day, count(*) FROM (SELECT key, any_value(own.side) AS side, min(day) AS day "
        f"FROM {halves} AS own LEFT JOIN {OTHERS} USING (key) GROUP BY key) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for side, day, number in found:
        if day is None:
            awaited.alone[side] += number
        else:
            (awaited.joined if side == "request" else awaited.elsewhere)[day] += number


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
        awaited: the halves of other days; None to join none.
        left: where halves go that are alone.
    """

    connection: duckdb.DuckDBPyConnection
    stream: IO[bytes]
    most: int | None
    awaited: Awaited | None
    left: Path
    _taken: int = 0
    _waiting: list[tuple[str, str, str, str]] = field(default_factory=list)
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
        for place in records(self.connection, file):
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
            self._take(found, place._replace(record=dated(found, place.record, file)))
        if form is None and refused:
            known = ", ".join(CAPTURES.all())
            raise UnreadableError(
                file, f"has no record of a known form ({refused[0]})", f"The forms are: {known}"
            )
        for why in refused:
            self._refuse(why)

    def _take(self, form: Capture, place: Place) -> None:
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
        side = form.side(place.record) if isinstance(form, Paired) else ""
        self._waiting.append((whole, side, place.where, json.dumps(place.record)))
        self._taken += 1
        if len(self._waiting) >= _BATCH:
            self._put_aside()

    def _request(
        self, form: Capture, where: str, of_one: Sequence[Mapping[str, Any]], told: str = ""
    ) -> None:
        """Write the rows of a request; `told` is said beside what it lacks."""
        try:
            # all of them, or none
            lines = [_line(_with_reason(row, told)) for row in form.rows(of_one)]
        except RefusedError as error:
            self._refuse(f"{where}: {error}{told}")
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
                f"CREATE TEMP TABLE {identifier(self._table)} "
                "(key VARCHAR, side VARCHAR, place VARCHAR, record VARCHAR)"
            )
        name = f"{self._table}_read"
        columns = map(pa.array, zip(*self._waiting, strict=True))
        self.connection.register(name, pa.table([*columns], ["key", "side", "place", "record"]))
        self.connection.execute(f"INSERT INTO {identifier(self._table)} FROM {identifier(name)}")
        self.connection.unregister(name)
        self._waiting.clear()

    def _together(self) -> None:
        """Write the rows of requests whose records stand apart."""
        if self.awaited is not None:
            write_left(self.connection, self._table, self.awaited.gone, self.left)
        if not self._table:
            return
        halves = f"read_parquet({literal(str(self.left))})" if self.awaited else ""
        theirs = list(self.awaited.theirs.values()) if self.awaited else []
        if halves:
            join_halves(self.connection, halves, theirs)
        own = (
            "SELECT key, first(place ORDER BY rowid) AS place, list(record ORDER BY rowid) AS records, "
            f"min(side) AS first, max(side) AS last, min(rowid) AS stands "
            f"FROM {identifier(self._table)} GROUP BY key"
        )
        others = f"SELECT key, list(record ORDER BY day, record) AS others FROM {OTHERS} GROUP BY key"
        found = self.connection.execute(
            f"SELECT key, place, records, first, last, others FROM ({own}) LEFT JOIN ({others}) USING (key) "
            "ORDER BY stands"
            if halves
            else f"SELECT key, place, records, first, last, NULL FROM ({own}) ORDER BY stands"
        )
        forms = CAPTURES.all()
        while batch := found.fetchmany(_BATCH):
            for key, place, own, first, last, others in batch:
                form, of_one = forms[key.partition(" ")[0]], [json.loads(each) for each in own]
                if first == last == "response" and others:
                    # the row is of the day of its request
                    continue
                alone = self.awaited is not None and first and first == last and not others
                told = self.awaited.told(first) if self.awaited and alone else ""
                self._request(form, place, [*of_one, *map(json.loads, others or ())], told)
        self.connection.execute(f"DROP TABLE {identifier(self._table)}")


def _with_reason(row: Mapping[str, Any], told: str) -> Mapping[str, Any]:
    return {**row, ERROR: f"{NO_RESPONSE}{told}"} if told and row.get(ERROR) == NO_RESPONSE else row


def _line(row: Mapping[str, Any]) -> bytes:
    # every file has the column, so that it does not come and go with the records that are refused
    whole = {**row, ERROR: row.get(ERROR)}
    try:
        text = json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(whole), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    line = text.encode("utf-8", "replace") + b"\n"
    if len(line) > LONGEST:
        raise RefusedError(f"a row is longer than {LONGEST:,} bytes")
    return line


def _finite(value: Any) -> Any:
    """The same with texts in the place of what JSON has no numbers for."""
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


FORMAT = FileFormat("capture", read, (".log",), joined=read_joined)

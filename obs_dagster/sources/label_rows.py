"""Rows of label files: one label per prediction id, and what became of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.errors import SourceError
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.data import Labels
from obs_dagster.sources.classes import UNDECIDED, Classes, word
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.formats.part import plain_number
from obs_dagster.sources.identifiers import join_key
from obs_dagster.sources.label_book import FileRead
from obs_dagster.sources.label_keys import of_labels, shown
from obs_dagster.sources.label_values import LabelReader
from obs_dagster.sources.times import Written, moment

if TYPE_CHECKING:
    import duckdb

#: Distinct values of neither class that are named per file.
_MOST_VALUES = 20
_EXAMPLES = 3
#: The rows of a file that are counted, by the name of their number.
_COUNTED = {
    "rows": "true",
    "positive": "label AND prediction_id IS NOT NULL",
    "negative": "NOT label AND prediction_id IS NOT NULL",
    "unknown": "label IS NULL AND value IS NULL",
    "without_id": "prediction_id IS NULL AND NOT lost",
    "lost_digits": "lost",
    "untimed": "untimed",
    "unusable_rows": "value IS NOT NULL",
    "untold": "NOT coalesce(label IS NOT NULL AND prediction_id IS NOT NULL OR label IS NULL "
    "AND value IS NULL OR prediction_id IS NULL OR lost OR value IS NOT NULL, false)",
}
#: Those of labels that are not of two classes.
_OF_ANY_VALUE = {"positive": "label IS NOT NULL AND prediction_id IS NOT NULL", "negative": "false"}


@dataclass(slots=True)
class LabelRows:
    """Rows in the table `loaded` of a DuckDB session.

    A label is null where it is not known yet, and where the value means nothing, which then is in `value`.
    Rows of file 0 are labels that waited.

    Attributes:
        connection: the session.
        labels: names the columns.
        reader: what values mean.
        zone: the time zone of the monitor's days.
        tell: how keys are shown.
        files: what came of each source, in the order they were read.
        waited: labels that had waited and are among the rows.
        dropped: usable labels that are neither in `incoming` nor repeat one that is; only 0 is no fault.
    """

    connection: duckdb.DuckDBPyConnection
    labels: Labels
    reader: LabelReader
    zone: str = "UTC"
    tell: Callable[[str], str] = shown
    files: list[FileRead] = field(default_factory=list)
    waited: int = 0
    dropped: int = 0

    def __post_init__(self) -> None:
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE loaded (prediction_id VARCHAR, label {self.reader.sql_type}, "
            "known_at TIMESTAMPTZ, value VARCHAR, lost BOOLEAN, untimed BOOLEAN, file INTEGER)"
        )

    def load_waiting(self, holding: Path) -> bool:
        """Load labels that waited; returns whether the file could be read."""
        import duckdb

        try:
            self.connection.execute(
                f"INSERT INTO loaded SELECT {join_key('prediction_id')}, label, known_at, NULL, false, "
                "false, 0 "
                f"FROM read_parquet({literal(str(holding))})"
            )
        except duckdb.Error:
            return False
        self.waited = count_of(self.connection, "loaded")
        return True

    def load(self, source: SourceFiles, *, limit: int | None = None) -> None:
        """Load the labels of a source, or its first ones.

        Raises:
            SourceError: it cannot be read, or lacks a column.
        """
        import duckdb

        _check_not_empty(source)
        relation = source.relation(self.connection)
        if limit is not None:
            relation = relation.limit(limit)
        query = self.query(source, dict(zip(relation.columns, map(str, relation.types), strict=True)))
        self.connection.register("label_file", relation)
        try:
            self.connection.execute(f"INSERT INTO loaded {query}, {len(self.files) + 1} FROM label_file")
        except duckdb.Error as error:
            raise source.unreadable(error) from error
        self.files.append(FileRead(""))

    def load_readable(self, source: SourceFiles) -> None:
        """Load the labels of a source; if it cannot be read, none of it, and what came of it says why."""
        try:
            self.load(source)
        except SourceError as error:
            self.files.append(FileRead("", unreadable=str(error)))

    def query(self, source: SourceFiles, found: Mapping[str, str]) -> str:
        """SQL that reads labels as the columns of `loaded`, but for the file and for where from.

        Args:
            source: named if it lacks a column.
            found: DuckDB's type per column.

        Raises:
            SourceError: a column is missing.
        """
        roles = self.labels.columns
        if missing := [name for name in roles.named if name not in found]:
            raise SourceError(
                f"{source.files[0]} has no column {', '.join(missing)}; it has {', '.join(found)}.",
                remedy="Correct labels.columns in the monitor, or the file.",
            )
        columns = {name: _read(name, found[name]) for name in roles.named}
        key, lost = of_labels(self.labels, columns, self.zone)
        label = columns[roles.label]
        if self.reader.sql_type == "DOUBLE" and label[1] == "VARCHAR" and (csv := self.labels.csv):
            label = plain_number(label[0], csv.decimal, csv.thousands or ""), label[1]
        known_at, untimed = "NULL", "false"
        if roles.known_at:
            time, kind = columns[roles.known_at]
            known_at = moment(time, kind, Written.of(self.labels.times))
            untimed = f"{time} IS NOT NULL AND {known_at} IS NULL"
        return (
            f"SELECT {key}, {self.reader.sql(*label)}, {known_at}, "
            # of a null it is not known whether it has lost digits
            f"{self.reader.unusable(*label)}, coalesce({lost}, false), {untimed}"
        )

    def settle(self, seen: tuple[int, int], tolerated: float) -> str | None:
        """Find out what came of each file, and what the negative class is if nobody said.

        Args:
            seen: labels of the positive and of the negative class in files that were read before.
            tolerated: a file in which one class is missing is kept back if more than this share of its labels
                is of neither class, or if no file ever had the missing one.

        Returns:
            The word of the negative class, where the labels told it now.
        """
        self._count()
        found = None
        if not isinstance(self.reader, Classes):
            return None
        if not self.reader.complete():
            found = self.reader.opposite(self._values(self.reader, seen[0]))
            if found is not None:
                self.reader = self.reader.with_negative(found)
                self.connection.execute(
                    "UPDATE loaded SET label = false, value = NULL "
                    f"WHERE value IS NOT NULL AND NOT ({self.reader.sql('value', 'VARCHAR')})"
                )
                self._count()
        for positive, place in ((True, 0), (False, 1)):
            present = seen[place] + sum(_of(each, positive=positive) for each in self.files)
            self.files = [
                replace(each, held=each.held or _is_held(each, positive, present, tolerated))
                for each in self.files
            ]
        return found

    def _values(self, classes: Classes, positive_before: int) -> dict[str, int]:
        """Rows per value, with one for the positive class."""
        counts = {next(iter(classes.positive)): positive_before + sum(each.positive for each in self.files)}
        for each in self.files:
            for value, rows in each.unusable.items():
                counts[value] = counts.get(value, 0) + rows
        return counts

    def _count(self) -> None:
        """Count the rows of each file."""
        counted_as = _COUNTED | ({} if self.reader.two_classes else _OF_ANY_VALUE)
        counts = ", ".join(f"count(*) FILTER ({rows}) AS {name}" for name, rows in counted_as.items())
        counted = self.connection.sql(f"SELECT file, {counts} FROM loaded WHERE file > 0 GROUP BY file")
        values: dict[int, dict[str, int]] = {}
        for file, value, rows in self.connection.sql(
            "SELECT file, value, count(*) AS rows FROM loaded WHERE value IS NOT NULL GROUP BY file, value "
            f"QUALIFY row_number() OVER (PARTITION BY file ORDER BY rows DESC, value) <= {_MOST_VALUES} "
            "ORDER BY file, rows DESC, value"
        ).fetchall():
            values.setdefault(file, {})[value] = rows
        self.files = [FileRead("", unreadable=each.unreadable) for each in self.files]
        for file, *numbers in counted.fetchall():
            known = dict(zip(_COUNTED, numbers, strict=True))
            self.files[file - 1] = FileRead("", unusable=values.get(file, {}), **known)

    def resolve(self, *, retract: bool) -> tuple[int, list[str]]:
        """Make the table `incoming`: one label per prediction id, the one that was known last.

        Of labels known at the same time, or at no time, the later row counts, files in their order.

        Args:
            retract: whether ids without any label get a row with a null label, which takes theirs back.

        Returns:
            Ids with two labels in files at the time that counts, and some of them.
        """
        held = [number for number, each in enumerate(self.files, start=1) if each.held]
        usable = f"prediction_id IS NOT NULL AND label IS NOT NULL AND file NOT IN ({_numbers(held)})"
        # hashes tell nearly all ids apart, in less memory; only labels whose hash repeats are compared
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE repeated AS SELECT hash(prediction_id) AS hashed FROM loaded "
            f"WHERE {usable} GROUP BY hashed HAVING count(*) > 1; "
            "CREATE OR REPLACE TEMP VIEW usable AS SELECT prediction_id, label, known_at, file, "
            "rowid AS place, hash(prediction_id) IN (SELECT hashed FROM repeated) AS again FROM loaded "
            f"WHERE {usable}; "
            "CREATE OR REPLACE TEMP TABLE incoming AS SELECT prediction_id, label, known_at FROM usable "
            "WHERE NOT again UNION ALL (SELECT prediction_id, label, known_at FROM usable WHERE again "
            "QUALIFY row_number() OVER "
            "(PARTITION BY prediction_id ORDER BY known_at DESC NULLS LAST, place DESC) = 1)"
        )
        conflicts = self._conflicts()
        given = self.waited + sum(each.usable for each in self.files)
        there, single = self.connection.sql(
            "SELECT count(*), count(*) FILTER (NOT again) FROM usable"
        ).fetchall()[0]
        # by itself: beside other counts all ids would be held, to tell apart the few that repeat
        several = count_of(self.connection, "(SELECT DISTINCT prediction_id FROM usable WHERE again)")
        self.dropped = given - there + single + several - count_of(self.connection, "incoming")
        if retract:
            self.connection.execute(
                "INSERT INTO incoming SELECT DISTINCT prediction_id, NULL, NULL FROM loaded ANTI JOIN "
                "(SELECT prediction_id FROM incoming) AS known USING (prediction_id) "
                "WHERE prediction_id IS NOT NULL"
            )
        self.connection.execute("DROP VIEW usable; DROP TABLE loaded; DROP TABLE repeated")
        return conflicts

    def _conflicts(self) -> tuple[int, list[str]]:
        both = (
            "SELECT prediction_id FROM (SELECT * FROM usable WHERE again AND file > 0 "
            "QUALIFY known_at IS NOT DISTINCT FROM max(known_at) OVER (PARTITION BY prediction_id)) "
            "GROUP BY prediction_id HAVING count(DISTINCT label) > 1"
        )
        number, examples = self.connection.sql(
            f"SELECT count(*), min(prediction_id, {_EXAMPLES}) FROM ({both})"
        ).fetchall()[0]
        return int(number), [self.tell(each) for each in examples or ()]


def count_of(connection: duckdb.DuckDBPyConnection, rows: str, where: str = "true") -> int:
    """How many rows a table, or what else can stand after FROM, has where something is so."""
    return int(connection.sql(f"SELECT count(*) FROM {rows} WHERE {where}").fetchall()[0][0])


def _read(name: str, found: str) -> tuple[str, str]:
    """SQL for a column and its type; what JSON files mix of types is text."""
    column = identifier(name)
    return (f"({column} ->> '$')", "VARCHAR") if found == "JSON" else (column, found)


def _check_not_empty(source: SourceFiles) -> None:
    """Make sure that a file was written at all: one without labels has a header, or is not there."""
    if source.files and all(each.size == 0 for each in source.stamps()):
        raise SourceError(
            f"{source.files[0]} is empty (0 bytes): it has no labels, and no columns.",
            remedy="Write the file anew, or remove it if it is to say nothing, then run the day again.",
        )


def _of(file: FileRead, *, positive: bool) -> int:
    return file.positive if positive else file.negative


def _is_held(file: FileRead, positive: bool, present: int, tolerated: float) -> bool:  # noqa: FBT001  a class
    """Whether a file without labels of a class has values that may be it."""
    if _of(file, positive=positive):
        return False
    undecided = sum(rows for value, rows in file.unusable.items() if word(value) in UNDECIDED)
    candidates = file.unusable_rows - undecided
    rows = file.positive + file.negative + candidates
    return candidates > 0 and (not present or candidates > tolerated * rows)


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "-1"

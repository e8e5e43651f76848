"""Ground truth: labels, however late, sorted to the days of the predictions that they belong to.

State between nights: the book of what was read (see `label_book`), and which labels wait because nobody knows
their prediction yet. The book is written last, so a killed run reads the same again; labels merge by
prediction id, so reading twice changes nothing. That is also how what was lost or damaged heals: whatever is
not as the book says makes everything be read again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.errors import SourceError
from obs_dagster.lake.columns import DAY
from obs_dagster.lake.lake import Lake, replacing
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.data import Labels
from obs_dagster.monitor.log_labels import in_log
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.pseudonym import pseudonym
from obs_dagster.sources.classes import Classes
from obs_dagster.sources.files import connect
from obs_dagster.sources.forgotten import forgotten, is_forgotten
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.label_book import FileRead, LabelBook, Waiting
from obs_dagster.sources.label_days import GROUND_TRUTH, LabelDays
from obs_dagster.sources.label_keys import of_predictions, telling
from obs_dagster.sources.label_rows import LabelRows, count_of
from obs_dagster.sources.label_values import label_reader, label_type
from obs_dagster.sources.log_rows import check_in_place, log_rows
from obs_dagster.sources.near_misses import near_misses
from obs_dagster.sources.protocol import OfSnapshots, counted_by, source_of
from obs_dagster.sources.purged import purged_on
from obs_dagster.store import working_folder
from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.traces import traced

if TYPE_CHECKING:
    import duckdb

__all__ = ["GROUND_TRUTH", "LabelsIngested", "ingest_labels", "label_book"]

HOLDING = "unknown_predictions.parquet"
#: How labels are read; another number reads all again.
_RULES = 2
_EXAMPLES = 3
_READ_AGAIN = Event(
    "obs_dagster.sources",
    "labels read again",
    "warning",
    "Labels that were read before are lost or damaged in the lake; all are read again, nothing is missing.",
    {"reason": "what is lost or damaged", "model": "the model"},
)


@dataclass(frozen=True, slots=True)
class LabelsIngested:
    """What was new among the labels, and how they stand.

    Attributes:
        files: files read now, because they are new or were rewritten; of a table, its parts.
        labels: rows in them with a prediction id and a label.
        rejected: rows in them without one of the two.
        touched: days whose labels changed, with the number of labels the day has now.
        waiting: labels whose prediction is not in any day of the lake.
        book: what is known of all labels that there are.
        healed: why everything was read again; empty if nothing was lost or damaged.
    """

    files: int
    labels: int
    rejected: int
    touched: dict[dt.date, int]
    waiting: int
    book: LabelBook = field(default_factory=LabelBook, compare=False)
    healed: tuple[str, ...] = ()


def label_book(monitor: Monitor, lake: Lake) -> LabelBook:
    """What was known of a monitor's labels after they were read last."""
    return LabelBook.read(lake.folder(monitor.model, "labels"))


@reads_rows
@traced("labels")
def ingest_labels(monitor: Monitor, lake: Lake) -> LabelsIngested:
    """Read labels that are new and merge them into the days they belong to.

    Where a day's labels, or those that waited, were lost or damaged since, all labels are read again.

    A file that cannot be read keeps nobody from the labels of the others, nor from what is known without
    labels: the book says so, and the next run tries it again. So it is if the source cannot be looked at.

    Raises:
        SourceError: the warehouse gave no rows, or a log that is read in place changed; nothing is lost, and
            the next run reads the same again.
    """
    labels = monitor.labels
    if labels is None:
        return LabelsIngested(0, 0, 0, {}, 0)
    folder = lake.folder(monitor.model, "labels")
    book = label_book(monitor, lake)
    source = source_of(labels)
    if (counting := counted_by(monitor, labels)) is not None:
        logs = lake.table(monitor.model, LOGS)
        there = [day for day in logs.days() if not purged_on(logs.readable(day))]
        counted = counting.counted_labels(monitor, there, lake)
        return LabelsIngested(len(counted), sum(counted.values()), 0, counted, 0)
    try:
        stamps = source.label_stamps(monitor, labels)
        state = source.read_at(monitor, labels).to_json() if isinstance(source, OfSnapshots) else None
    except SourceError as error:
        book = replace(book, unreachable=str(error))
        book.write(folder)
        return LabelsIngested(0, 0, 0, {}, book.waiting.labels, book)
    remade = book.meaning != _meaning(monitor, labels)
    with connect() as connection:
        days = LabelDays(connection, monitor, lake, book)
        reader = label_reader(monitor, labels, None if remade else book.negative)
        rows = LabelRows(connection, labels, reader, monitor.time_zone, tell=telling(monitor))
        healed = [*days.repair(), *_load_waiting(rows, folder / HOLDING, book)]
        for reason in healed:
            _READ_AGAIN(model=monitor.model, reason=reason)
        known = {} if healed or remade else _known(book, stamps)
        new = [name for name in stamps if name not in known]
        with source.labels(monitor, labels, new, working_folder(folder)) as files:
            for each in files:
                rows.load_readable(each)
        told = rows.settle(_seen(known), monitor.quality.max_quarantined_share)
        conflicts, conflicting = rows.resolve(retract=remade)
        if gone := forgotten(monitor.model, lake):
            connection.execute(f"DELETE FROM incoming WHERE {is_forgotten('prediction_id', gone)}")
        usable = count_of(connection, "incoming", "label IS NOT NULL")
        touched, joined = _sort_to_days(connection, monitor, lake, days)
        waiting = _hold(connection, folder / HOLDING)
        unread = sum(bool(each.unreadable) for each in rows.files)
        now = LabelBook(
            # what a file gave by an earlier meaning is taken back when it can be read again
            meaning=book.meaning if remade and unread and book.meaning else _meaning(monitor, labels),
            negative=told or (None if remade else book.negative),
            files=dict(sorted((known | _by_name(new, stamps, rows.files)).items())),
            days=days.written(),
            waiting=_waiting(connection, monitor, lake, waiting),
            conflicts=conflicts if new else book.conflicts,
            conflicting=conflicting if new else book.conflicting,
            lost=days.short(),
            astray=rows.dropped + usable - joined - waiting,
            kind=label_type(monitor),
            snapshot=state,
        )
    if now != book:
        now.write(folder)
    read = sum(each.usable for each in rows.files)
    rejected = sum(each.rows for each in rows.files) - read
    return LabelsIngested(len(new) - unread, read, rejected, touched, waiting, now, tuple(healed))


def _meaning(monitor: Monitor, labels: Labels) -> str:
    """What labels are read as: one that is read as another class, or from another column, is a new one."""
    kind = label_type(monitor)
    told = "" if kind == Classes.sql_type else f"{kind} "
    forms = labels.model_dump_json(include={"times", "csv"}, exclude_defaults=True)
    told += "" if forms == "{}" else f"{forms} "
    columns = labels.columns.model_dump_json(exclude={"keys"} if labels.columns.keys is None else None)
    classes = labels.model_dump_json(include={"positive", "negative"})[1:]
    return f'{_RULES} {told}{{"columns":{columns},{classes}'


def _known(book: LabelBook, stamps: Mapping[str, str]) -> dict[str, FileRead]:
    """What need not be read again: files that are as they were, and whose labels were used."""
    return {
        name: each
        for name, each in book.files.items()
        if stamps.get(name) == each.stamp and not each.held and not each.unreadable
    }


def _seen(files: Mapping[str, FileRead]) -> tuple[int, int]:
    """Labels of the positive and of the negative class."""
    return sum(each.positive for each in files.values()), sum(each.negative for each in files.values())


def _by_name(
    names: Sequence[str], stamps: Mapping[str, str], read: Sequence[FileRead]
) -> dict[str, FileRead]:
    """What was read by name; what parts of a table have together stands with the first of them."""
    counted = [*read, *(FileRead("", held=read[-1].held) for _ in names[len(read) :])]
    return {name: replace(each, stamp=stamps[name]) for name, each in zip(names, counted, strict=True)}


def _load_waiting(rows: LabelRows, holding: Path, book: LabelBook) -> list[str]:
    """Load the labels that waited; returns what is wrong with their file."""
    if holding.exists():
        return [] if rows.load_waiting(holding) else [f"{holding} is damaged"]
    return [f"{holding} is gone"] if book.waiting.labels else []


def _hold(connection: duckdb.DuckDBPyConnection, holding: Path) -> int:
    """Keep the labels whose prediction is unknown; returns how many there are."""
    connection.execute("DELETE FROM incoming WHERE label IS NULL")
    waiting = count_of(connection, "incoming")
    if waiting or holding.exists():
        with replacing(holding) as aside:
            connection.execute(
                f"COPY (FROM incoming ORDER BY prediction_id) TO {literal(str(aside))} "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
    return waiting


def _waiting(connection: duckdb.DuckDBPyConnection, monitor: Monitor, lake: Lake, labels: int) -> Waiting:
    """What waits, with ids of both sides for people to compare."""
    if not labels:
        return Waiting()
    waiting = f"SELECT min(prediction_id, {_EXAMPLES}) FROM incoming"
    if monitor.labels and in_log(monitor.logs, monitor.labels):
        return Waiting(labels, of_log=True)
    told = telling(monitor)
    ids = [told(text) for text in connection.sql(waiting).fetchall()[0][0] or ()]
    logs = lake.table(monitor.model, LOGS)
    there = [day for day in logs.days() if not purged_on(logs.readable(day))]
    if not there:
        return Waiting(labels, ids)
    log = log_rows(connection, monitor, there[-1:], lake)
    keyed = bool(monitor.labels and monitor.labels.columns.keys)
    if keyed:
        key = of_predictions(monitor, "log", connection.sql(log).columns)
    else:
        # as the log has it: that a label is written in another way is what people have to see
        key = identifier(monitor.logs.columns.prediction_id)
    found = connection.sql(
        f"SELECT {key} AS shown FROM ({log}) AS log WHERE shown IS NOT NULL LIMIT {_EXAMPLES}"
    ).fetchall()
    newest = there[-_expected_days(monitor) :]
    days = log_rows(connection, monitor, newest, lake)
    by = of_predictions(monitor, "log", connection.sql(days).columns) if keyed else key
    shown = f"SELECT {by} AS shown FROM ({days}) AS log"
    truth = lake.table(monitor.model, GROUND_TRUTH)
    labelled = [literal(str(truth.path(day))) for day in newest if truth.exists(day)]
    if labelled and not keyed:
        # a row that has its label waits for none, however like it another's id is
        known = f"SELECT prediction_id FROM read_parquet([{', '.join(labelled)}])"
        shown = f"SELECT shown FROM ({shown}) WHERE CAST(shown AS VARCHAR) NOT IN ({known})"
    misses = near_misses(connection, monitor, shown)
    # in pseudonyms no difference can be seen
    seen = {} if told is pseudonym else misses.examples
    alike = {what: [told(each) for each in pair] for what, pair in seen.items()}
    return Waiting(
        labels,
        ids,
        [told(text) for (text,) in found],
        compared=misses.compared,
        why=misses.labels,
        alike=alike,
    )


def _sort_to_days(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, lake: Lake, truth: LabelDays
) -> tuple[dict[dt.date, int], int]:
    """Move labels from `incoming` to their days, newest days first, until none is left or no day is.

    A label belongs to every prediction of its id: on each of its days, and of each version.

    Returns:
        The days whose labels changed, with the number that each has now; labels that found a prediction.
    """
    logs = lake.table(monitor.model, LOGS)
    touched: dict[dt.date, int] = {}
    joined = 0
    key = identifier(monitor.logs.columns.prediction_id)
    # nobody knows any more which predictions a day had whose rows were removed
    there = [day for day in logs.days() if not purged_on(logs.readable(day))]
    for days in _batches(sorted(there, reverse=True), _expected_days(monitor)):
        if not count_of(connection, "incoming"):
            break
        log = log_rows(connection, monitor, days, lake)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE sought AS SELECT incoming.*, log.{DAY} AS day, "
            f"nullif(log.{key}, incoming.prediction_id) AS logged FROM incoming LEFT JOIN ({log}) AS log "
            f"ON {of_predictions(monitor, 'log', connection.sql(log).columns)} = incoming.prediction_id"
        )
        check_in_place(monitor, days, lake)
        # where no label found a second prediction nothing repeats, and ids need not be told apart
        once = count_of(connection, "sought") == count_of(connection, "incoming")
        found = "prediction_id FROM sought WHERE day IS NOT NULL AND label IS NOT NULL"
        joined += count_of(connection, f"(SELECT {'' if once else 'DISTINCT '}{found})")
        # first, since the session has memory for the labels once, not twice
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE incoming AS SELECT prediction_id, label, known_at FROM sought "
            "WHERE day IS NULL"
        )
        days_found = connection.sql(
            "SELECT DISTINCT CAST(day AS DATE) AS found FROM sought WHERE day IS NOT NULL ORDER BY found"
        ).fetchall()
        for (day,) in days_found:
            if (labels := truth.merge(day, once=once)) is not None:
                touched[day] = labels
    return touched, joined


def _expected_days(monitor: Monitor) -> int:
    return (monitor.labels.max_delay_days if monitor.labels else 0) + 1


def _batches(days: list[dt.date], size: int) -> Iterable[list[dt.date]]:
    """The days in batches that double: most labels belong to the newest days, so old ones are rarely read."""
    start = 0
    while start < len(days):
        yield days[start : start + size]
        start, size = start + size, size * 2

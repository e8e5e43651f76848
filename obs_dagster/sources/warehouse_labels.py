"""Labels that stay in the warehouse: one per prediction, lazily; which days have which is counted there."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from obs_dagster.lake.columns import DAY, LABEL
from obs_dagster.lake.lake import Lake, read_json, write_json
from obs_dagster.monitor.data import Labels
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import task_named
from obs_dagster.sources.classes import UNDECIDED, Classes
from obs_dagster.sources.label_days import GROUND_TRUTH
from obs_dagster.sources.label_table import label_table, part_of, parts_of
from obs_dagster.sources.log_table import log_table
from obs_dagster.sources.warehouse import WarehouseTable, column_of
from obs_dagster.sources.warehouse_casts import NOT, as_class, as_number, as_text, typed
from obs_dagster.sources.warehouse_keys import finds_one, key_of_label, key_of_row
from obs_dagster.sources.warehouse_rows import declared_rows

if TYPE_CHECKING:
    import ibis

KNOWN_AT = "known_at"
NEWEST = "newest"
"""Key of the manifest of a day's labels: when the last of them became known."""

_LOGS = "inference_logs"
_BOOK = "in_warehouse.json"
_PART, _ID, _OWN = "part", "prediction_id", "own_id"
_MOST_VALUES = 1_000
_PRIME = 2_147_483_629
_NOTHING = pa.schema(
    [(_ID, pa.string()), ("label", pa.string()), (KNOWN_AT, pa.timestamp("us", "UTC"))]
).empty_table()


@dataclass
class _Book:
    """What was known of the labels when they were counted last.

    Attributes:
        meaning: what the monitor said of them.
        negative: the word of the negative class, if the labels told it.
        parts: the stamp of each part of the table.
        rows: by day that was counted, what its log was known by.
    """

    meaning: str = ""
    negative: str | None = None
    parts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, monitor: Monitor, lake: Lake) -> _Book:
        held = read_json(lake.folder(monitor.model, "labels") / _BOOK)
        return cls(**held) if held else cls()

    def write(self, monitor: Monitor, lake: Lake) -> None:
        write_json(lake.folder(monitor.model, "labels") / _BOOK, asdict(self))


def count_labels(monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> dict[dt.date, int]:
    """Count the labels of days in the warehouse; returns the days that changed, with how many they have.

    Days are looked at from the newest one back until every label that is new has found its prediction, and
    those whose log has changed. What each has is kept as a partition of `ground_truth` without rows.

    Raises:
        SourceError: the warehouse cannot be read, or labels cannot be counted as what the task needs.
    """
    labels = monitor.labels
    if labels is None:
        return {}
    book, parts = _Book.read(monitor, lake), parts_of(labels)
    meaning = labels.model_dump_json()
    if book.meaning != meaning:
        book = _Book(meaning)
    changed = sorted(part for part, stamp in parts.items() if book.parts.get(part) != stamp)
    logs = lake.table(monitor.model, _LOGS)
    rows = {day: str((logs.readable(day) or {}).get("fingerprint", "")) for day in days}
    due = {day for day in days if book.rows.get(str(day)) != rows[day]}
    touched: dict[dt.date, int] = {}
    if changed or due:
        with log_table(monitor).opened(label_table(labels)) as (log, table):
            book.negative = book.negative or _told_negative(table, labels, monitor)
            latest = latest_labels(table, monitor, book.negative)
            missing = _fresh(latest, changed)
            for batch in _newest_first(sorted(days, reverse=True), labels.max_delay_days + 1):
                # a label that may be of several predictions is not known to have found all of them
                chosen = (
                    batch
                    if missing > 0 or (changed and not finds_one(monitor))
                    else [day for day in batch if day in due]
                )
                if chosen:
                    found = labels_by_day(declared_rows(log, monitor, chosen), latest, monitor, changed)
                    missing -= sum(int(each["fresh"] or 0) for each in found.values())
                    touched |= dict(_kept(monitor, lake, chosen, found))
                    book.rows |= {str(day): rows[day] for day in chosen}
    book.parts = parts
    # last, so that a run that is killed counts them again
    book.write(monitor, lake)
    return touched


def labels_of(table: ibis.Table, monitor: Monitor, lake: Lake) -> ibis.Table:
    """The labels as they were counted last (see `latest_labels`)."""
    return latest_labels(table, monitor, _Book.read(monitor, lake).negative)


def latest_labels(table: ibis.Table, monitor: Monitor, negative: str | None) -> ibis.Table:
    """One label per key, the last one: `prediction_id`, `_obs_label`, `known_at` and its `part`.

    The key is that of `key_of_row`: the id of a prediction, unless the monitor names other columns. Of labels
    known at the same time, or at none, the greatest counts.

    Args:
        table: the labels' table.
        monitor: says what labels are.
        negative: the word of the negative class, if the labels told it.

    Raises:
        SourceError: the table lacks a column, or has one of a type that is no label.
    """
    import ibis

    labels = monitor.labels
    if labels is None:
        raise ValueError
    place, roles = label_table(labels), labels.columns
    key = key_of_label(table, labels)
    raw = column_of(table, roles.label, place, "label")
    known = _known_at(table, labels, place)
    given = table.select(
        **{_ID: key, LABEL: _meant(raw, monitor, labels, negative), "raw": raw, KNOWN_AT: known},
        **{_PART: part_of(table, labels, place)},
    )
    usable = given.filter(given[_ID].notnull() & given[LABEL].notnull())
    # what has no time is older than what has one, in every database
    order = [usable[KNOWN_AT].notnull().ifelse(1, 0).desc(), usable[KNOWN_AT].desc(), usable["raw"].desc()]
    ranked = usable.mutate(place=ibis.row_number().over(ibis.window(group_by=_ID, order_by=order)))
    return ranked.filter(ranked["place"] == 0).select(_ID, LABEL, KNOWN_AT, _PART)


def _known_at(table: ibis.Table, labels: Labels, place: WarehouseTable) -> ibis.Value:
    import ibis

    if labels.columns.known_at is None:
        return ibis.null("timestamp('UTC')")
    value = column_of(table, labels.columns.known_at, place, "known_at")
    if value.type().is_date():
        value = value.cast("timestamp")
    return typed(value, "TIMESTAMPTZ", labels.columns.known_at)[0]


def _meant(raw: ibis.Value, monitor: Monitor, labels: Labels, negative: str | None) -> ibis.Value:
    """What a label means, null where it means nothing."""
    name, truth = labels.columns.label, task_named(monitor).truth or "class"
    if truth == "number":
        return as_number(raw, name)[0]
    if truth == "name":
        text = as_text(raw)
        text = typed(raw, "VARCHAR", name)[0] if text is None else text
        trimmed = text.strip()
        return trimmed.lower().isin(["", *sorted(UNDECIDED)]).ifelse(None, trimmed)
    classes = Classes.of(labels.positive, labels.negatives)
    if negative and not classes.complete():
        classes = classes.with_negative(negative)
    meant, _ = as_class(raw, classes, name)
    # precision over positives alone would always be 1
    return meant if classes.complete() else meant.nullif(meant)


def _told_negative(table: ibis.Table, labels: Labels, monitor: Monitor) -> str | None:
    """The word of the negative class where it is the only other one that labels have."""
    classes = Classes.of(labels.positive, labels.negatives)
    if (task_named(monitor).truth or "class") != "class" or classes.complete():
        return None
    raw = column_of(table, labels.columns.label, label_table(labels), "label")
    given = table.select(value=raw.cast("string"))
    known = given.filter(given["value"].notnull())
    counts = known.group_by("value").aggregate(rows=known.count())
    found = counts.order_by(counts["rows"].desc()).limit(_MOST_VALUES).to_pyarrow().to_pylist()
    return classes.opposite({str(row["value"]): int(row["rows"]) for row in found})


def _fresh(latest: ibis.Table, changed: Sequence[str]) -> int:
    """How many labels are in parts that have changed."""
    if not changed:
        return 0
    chosen = latest.filter(latest[_PART].isin(list(changed)))
    rows = chosen.aggregate(rows=chosen.count()).to_pyarrow().to_pylist()
    return int(rows[0]["rows"]) if rows else 0


def labels_by_day(
    log: ibis.Table, latest: ibis.Table, monitor: Monitor, changed: Sequence[str]
) -> dict[dt.date, dict[str, Any]]:
    """Of each day of a log the number of its labels, how many are new, and what changes with any of them."""
    import ibis

    own = log[monitor.logs.columns.prediction_id]
    predictions = log.select(DAY, **{_OWN: own, _ID: key_of_row(log, monitor)}).distinct()
    joined = predictions.join(latest, _ID)
    known = joined[KNOWN_AT].cast("string").fill_null("∅")
    told = joined[_OWN].concat("|", joined[LABEL].cast("string"), "|", known)
    fresh = joined[_PART].isin(list(changed)) if changed else ibis.literal(value=False)
    digests = joined.select(
        DAY, KNOWN_AT, digest=told.hash() % _PRIME, fresh=fresh.fill_null(NOT).ifelse(1, 0)
    )
    found = digests.group_by(DAY).aggregate(
        labels=digests.count(),
        content=digests["digest"].cast("int64").sum().cast("string"),
        fresh=digests["fresh"].sum(),
        newest=digests[KNOWN_AT].max(),
    )
    return {dt.date.fromisoformat(row[DAY]): row for row in found.to_pyarrow().to_pylist()}


def _kept(
    monitor: Monitor, lake: Lake, days: Sequence[dt.date], found: Mapping[dt.date, Mapping[str, Any]]
) -> Iterator[tuple[dt.date, int]]:
    """Keep what days have; yields those that have changed, with their labels."""
    truth = lake.table(monitor.model, GROUND_TRUTH)
    for day in days:
        before = (truth.readable(day) or {}).get("fingerprint", "")
        row = found.get(day)
        told = "" if row is None else f"{row['labels']} {row['content']} {row['newest']}"
        now = hashlib.sha256(told.encode()).hexdigest()[:16] if row is not None else ""
        if now == before:
            continue
        if row is None:
            truth.remove(day)
            yield day, 0
            continue
        newest = row["newest"].isoformat() if row["newest"] else ""
        truth.write(day, _NOTHING, {"labels": int(row["labels"]), "fingerprint": now, NEWEST: newest})
        yield day, int(row["labels"])


def _newest_first(days: Sequence[dt.date], size: int) -> Iterator[Sequence[dt.date]]:
    """Batches that double: most labels are of the newest days."""
    start = 0
    while start < len(days):
        yield days[start : start + size]
        start, size = start + size, size * 2

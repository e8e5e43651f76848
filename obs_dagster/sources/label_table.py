"""Labels that are in a table of a warehouse, read part by part like files: what changed is read again."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.monitor.data import Labels
from obs_dagster.sources.warehouse import FetchedRows, WarehouseTable, column_of, readable

if TYPE_CHECKING:
    import ibis

_PART = "part"


def parts_of(labels: Labels) -> dict[str, str]:
    """The parts of the table, with a stamp of each.

    A part holds the labels that became known on one day; where there is no column of a time for that, there
    is one part. Its stamp is made of the number of rows of each label, so that the warehouse finds
    it out in one scan. A correction with a `known_at` of its own changes a part; one that leaves all numbers
    as they were is not seen.

    Raises:
        SourceError: the warehouse cannot be read, the table lacks a column, or Ibis is not installed.
        ObsError: a variable of the URL is not set.
    """
    place = label_table(labels)

    def query(table: ibis.Table) -> ibis.Table:
        label = column_of(table, labels.columns.label, place, "label").cast("string")
        by = {_PART: part_of(table, labels, place), "label": label}
        return table.group_by(**by).aggregate(number=table.count())

    counts = defaultdict(list)
    for row in place.answer(query):
        counts[row[_PART]].append(f"{row['label']!r}: {row['number']}")
    return {
        part: hashlib.sha256("\n".join(sorted(numbers)).encode()).hexdigest()[:16]
        for part, numbers in sorted(counts.items())
    }


def fetched_parts(
    labels: Labels, parts: Collection[str], folder: Path
) -> AbstractContextManager[FetchedRows]:
    """Fetch the labels of some parts, ordered by id.

    Args:
        labels: names the warehouse, the table and the columns.
        parts: the parts.
        folder: where the file may be written while the block lasts.

    Raises:
        SourceError: as `parts_of`.
        ObsError: as `parts_of`.
    """
    place, roles = label_table(labels), labels.columns
    known = {roles.prediction_id: "prediction_id", roles.label: "label", roles.known_at: "known_at"}

    def query(table: ibis.Table) -> ibis.Table:
        columns = {
            name: readable(column_of(table, name, place, known.get(name, "keys"))) for name in roles.named
        }
        chosen = table.filter(part_of(table, labels, place).isin(sorted(parts)))
        return chosen.select(**columns).order_by(list(columns))

    return place.fetched(query, folder)


def label_table(labels: Labels) -> WarehouseTable:
    """The table of the labels."""
    return WarehouseTable("labels", labels.path, str(labels.table))


def part_of(table: ibis.Table, labels: Labels, place: WarehouseTable) -> ibis.Value:
    """The part that each label is in (see `parts_of`)."""
    import ibis

    if labels.columns.known_at is None:
        return ibis.literal("all")
    known_at = column_of(table, labels.columns.known_at, place, "known_at")
    kind = known_at.type()
    if not (kind.is_timestamp() or kind.is_date()):
        return ibis.literal("all")
    return known_at.cast("date").cast("string").fill_null("unknown")

"""Columns of texts, vectors and images, told by what their values are like."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.sample import Sample
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.contract import FeatureType

_IMAGE = re.compile(r"[^\x00\n]{1,1000}\.(png|jpe?g|gif|bmp|webp|tiff?)", re.IGNORECASE)
#: How files of images begin, as the database writes bytes, and in base64.
_BYTES = re.compile(r"\\x89PNG|\\xFF\\xD8\\xFF|GIF8|BM|RIFF|II\*|MM\\x00\*")
_BASE64 = re.compile(r"(data:image/[a-z+]+;base64,)?(iVBORw0KGgo|/9j/|R0lGOD|UklGR)[A-Za-z0-9+/=]*")
#: The part of the values that have to be of a kind: logs have some that are damaged, or stand for none.
_MOST = 0.9
#: Words that a text has on average, and different ones of all values that say it is no list of names.
_WORDS, _DIFFERENT, _FEWEST = 4.0, 0.1, 20
#: Numbers of a list that are too many to be features, or scores, each of its own.
_VECTOR = 16
_ITEM = re.compile(r"(.*)\[\d+\]")


@dataclass(frozen=True, slots=True)
class Content:
    """What a column holds.

    Attributes:
        type: of the feature.
        keys: what the monitor has to say beside its type.
        seen: what its values were, in words.
    """

    type: FeatureType
    keys: dict[str, object]
    seen: str


def content_of(column: Column) -> Content | None:
    """What a column of texts or bytes holds; None if it is of few words, or names rows."""
    values = [value for value, _ in column.top]
    if not values or column.numeric or column.temporal or column.boolean:
        return None
    if column.found == "BLOB":
        return Content("image", {"stored_as": "bytes"}, "images") if _mostly(_BYTES.match, values) else None
    if _mostly(_IMAGE.fullmatch, values):
        shown = [value for value in values if _IMAGE.fullmatch(value)][:2]
        return Content("image", {}, f"files of images: {', '.join(shown)}, …")
    if _mostly(_BASE64.match, values):
        return Content("image", {"stored_as": "base64"}, "images in base64")
    words = sum(len(value.split()) for value in values) / len(values)
    different = column.distinct > max(_FEWEST, column.present * _DIFFERENT)
    if column.found == "VARCHAR" and different and words >= _WORDS:
        return Content(
            "text", {}, f"texts of {words:.0f} words on average, up to {column.longest:,} characters"
        )
    return None


def _mostly(is_one: Callable[[str], object], values: Sequence[str]) -> bool:
    return sum(map(bool, map(is_one, values))) >= _MOST * len(values)


def vectors_of(sample: Sample, used: Collection[str]) -> Iterator[tuple[str, Content, frozenset[str]]]:
    """The columns that are long lists of numbers, most of one length, and the names of what is in them."""
    inside = defaultdict(set)
    for column in sample.columns.values():
        if (match := _ITEM.fullmatch(column.name)) and column.numeric:
            inside[match[1]].add(column.name)
    for name, items in inside.items():
        if len(items) < _VECTOR or not items.isdisjoint(used) or "." in name or "[" in name:
            continue
        vectors = f"SELECT len(TRY_CAST({identifier(name)} AS FLOAT[])) AS numbers FROM {sample.table}"
        lengths = sample.connection.execute(
            f"SELECT numbers, count(*) FROM ({vectors}) WHERE numbers IS NOT NULL "
            "GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        rows = sum(count for _, count in lengths)
        if lengths and lengths[0][0] >= _VECTOR and lengths[0][1] >= _MOST * rows:
            dimension, alike = lengths[0]
            others = f", {100 * (1 - alike / rows):.2g} % have another number" if alike < rows else ""
            seen = f"vectors of {dimension:,} numbers{others}"
            yield name, Content("embedding", {"dimension": dimension}, seen), frozenset(items)

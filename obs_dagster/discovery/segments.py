"""Segments worth having: few values, each with enough rows a day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.discovery.features import Feature

_MOST = 3
_FEWEST_VALUES, _MOST_VALUES = 2, 20
#: Rows a day of a value whose metrics say something, and the share of all rows that such values have.
_ROWS, _COVERED = 30, 0.8
# They have a meaning in the names of segment cells.
_MARKS = re.compile(r"[=,*]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A feature by whose values metrics are split.

    Attributes:
        name: the feature.
        why: what speaks for it.
    """

    name: str
    why: str


def segments_of(features: Sequence[Feature], rows: int, rows_a_day: float) -> list[Segment]:
    """The features that are worth a split, at most three, those of fewest values first.

    Args:
        features: of the log.
        rows: rows of the sample.
        rows_a_day: how many rows a day has.
    """
    found = []
    for feature in features:
        column = feature.column
        splits = feature.type in ("category", "boolean") and _FEWEST_VALUES <= column.distinct <= _MOST_VALUES
        if not splits or _MARKS.search(feature.name):
            continue
        large = [count for _, count in column.top if count / rows * rows_a_day >= _ROWS]
        if len(large) > 1 and sum(large) >= rows * _COVERED:
            least = round(min(large) / rows * rows_a_day)
            why = f"{column.distinct} values, those with enough rows have {least:,} a day or more"
            found.append((column.distinct, Segment(feature.name, why)))
    return [segment for _, segment in sorted(found, key=lambda each: each[0])][:_MOST]

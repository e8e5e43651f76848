"""Columns that hold a probability of each class: named alike, and summing to 1 in every row."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from obs_dagster.discovery.column import plain
from obs_dagster.discovery.sample import Sample

_WORD = "(?:p|pr|prob|proba|probability|score|scores|probabilities)"
_NAMES = (
    re.compile(rf"(?P<same>{_WORD})[_\-. (\[]+(?P<of>[^)\]]+)[)\]]?", re.IGNORECASE),
    re.compile(rf"(?P<of>.+?)[_\-. ]+(?P<same>{_WORD})", re.IGNORECASE),
    re.compile(r"(?P<same>.*(?:prob|proba|probability|score)s?)[_\-.](?P<of>[^_\-.]+)", re.IGNORECASE),
)
_FEWEST, _MOST = 2, 100
_OFF, _STRAY = 0.01, 0.01


@dataclass(frozen=True, slots=True)
class ClassScores:
    """The probabilities of classes.

    Attributes:
        columns: the sample's column of each class.
        packed: the one column that they are inside of; empty if each has a column of its own.
        why: what the classes of one column were told by.
        sure: whether they are known.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    packed: str = ""
    why: str = ""
    sure: bool = True


def class_scores(
    sample: Sample, without: Collection[str] = (), classes: Iterable[str] = ()
) -> dict[str, str]:
    """The column of each class's probability; empty if there are none.

    Args:
        sample: the rows.
        without: columns that are something else.
        classes: how labels or predictions name the classes, as far as they do.
    """
    candidates = [
        name
        for name, column in sample.columns.items()
        if name not in without and column.numeric and column.within(0, 1)
    ]
    for pattern in _NAMES:
        groups: dict[str, dict[str, str]] = {}
        for name in candidates:
            if match := pattern.fullmatch(name):
                groups.setdefault(match["same"].lower(), {})[match["of"]] = name
        for group in groups.values():
            if _FEWEST <= len(group) <= _MOST and sums_to_one(sample, group.values()):
                return as_labelled(group, classes)
    return {}


def sums_to_one(sample: Sample, names: Collection[str]) -> bool:
    """Whether some columns do so in every row, but for stray ones."""
    total = " + ".join(map(sample.number, names))
    off = sample.count(f"SELECT count(*) FROM {sample.table} WHERE NOT abs({total} - 1) <= {_OFF}")
    return off <= sample.rows * _STRAY


def as_labelled(group: Mapping[str, str], classes: Iterable[str]) -> dict[str, str]:
    """Columns by the names that labels or predictions have for their classes, as far as these are alike."""
    spelled = {plain(each): each for each in classes}
    return {spelled.get(plain(name), name): column for name, column in group.items()}

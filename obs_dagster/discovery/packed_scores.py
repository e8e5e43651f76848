"""One column with a probability of each class: a list in their order, or a struct by their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from obs_dagster.discovery.class_scores import ClassScores, as_labelled, sums_to_one
from obs_dagster.discovery.column import Column, plain
from obs_dagster.discovery.recognition import Recognised
from obs_dagster.discovery.sample import Sample
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.multiclass import MOST_CLASSES

_INSIDE = re.compile(r"(?P<of>.+)(?:\[(?P<place>\d+)\]|\.(?P<name>[^.\[\]]+))")
_NAMES = re.compile(
    ".*(prob|score|softmax|confidence|likelihood|prediction|predicted|output|y_?(pred|hat)|class|distribution).*"
)
_FEWEST = 2
#: So many rows have the highest score at the place of the class that they name.
_MOSTLY = 0.98


@dataclass(frozen=True, slots=True)
class Named:
    """Rows that name classes.

    Attributes:
        column: the labels, or the predictions.
        rows: SQL for the rows: the log's as `a`, those of the column called `of`.
        of: `a` or `b`.
        served: whether they are predictions, which are of the class with the highest score.
    """

    column: Column
    rows: str
    of: str
    served: bool


def packed_scores(sample: Sample, without: Collection[str], named: Sequence[Named]) -> ClassScores:
    """The one column of all scores; empty if there is none.

    Args:
        sample: the rows.
        without: columns that are something else.
        named: what names the classes, what says most first.
    """
    groups: dict[str, dict[str, str]] = {}
    for name in sample.columns:
        if match := _INSIDE.fullmatch(name):
            groups.setdefault(match["of"], {})[match["place"] or match["name"]] = name
    for packed, group in groups.items():
        columns = [sample.columns[name] for name in group.values()]
        if (
            _FEWEST <= len(group) <= MOST_CLASSES
            and _NAMES.fullmatch(plain(packed.rpartition(".")[2]))
            and all(each.name not in without and each.numeric and each.within(0, 1) for each in columns)
            and sums_to_one(sample, group.values())
        ):
            listed = f"{packed}[0]" in group.values()
            return _of_list(sample, packed, group, named) if listed else _of_struct(packed, group, named)
    return ClassScores()


def second_score(scores: ClassScores) -> Recognised:
    """The score of two that sum to 1: the second, as most libraries have the positive class there."""
    column = list(scores.columns.values())[-1]
    why = f"the second of two values of {scores.packed} that sum to 1"
    return Recognised(column, why, sure=True, option="--score")


def _of_struct(packed: str, group: Mapping[str, str], named: Sequence[Named]) -> ClassScores:
    """The names of a struct's fields are those of the classes."""
    told = [value for each in named for value, _ in each.column.top]
    spelled = as_labelled(group, told)
    if set(spelled) == set(group):
        return ClassScores(spelled, packed, "the names inside of it")
    # in the struct classes are looked up by the names that they have there
    return ClassScores(spelled)


def _of_list(sample: Sample, packed: str, group: Mapping[str, str], named: Sequence[Named]) -> ClassScores:
    columns = [group[str(place)] for place in range(len(group))]

    def of(names: Iterable[str], why: str, *, sure: bool = True) -> ClassScores:
        return ClassScores(dict(zip(names, columns, strict=True)), packed, why, sure)

    places = list(map(str, range(len(columns))))
    for each in named:
        values = {value for value, _ in each.column.top}
        if values <= {*places}:
            return of(places, f"{each.column.name} has the numbers of the places")
        if len(values) != len(columns):
            continue
        if told := _told(sample, each, columns):
            where = "every prediction is the class with the highest score"
            lean = f"the mean score of each class is highest where {each.column.name} is it"
            return of(told, where if each.served else lean, sure=each.served)
        return of(
            sorted(values), "their order is that of the alphabet, as most libraries have it", sure=False
        )
    return of(places, "nothing names the classes: write their names in this order", sure=False)


def _told(sample: Sample, named: Named, columns: Sequence[str]) -> list[str]:
    """The class of each place; empty if values do not tell."""
    value = f"CAST({named.of}.{identifier(named.column.name)} AS VARCHAR)"
    scores = f"[{', '.join(sample.number(name, 'a.') for name in columns)}]"
    if named.served:
        listed = (
            f"SELECT {value} AS value, list_position({scores}, list_max({scores})) - 1 AS place "
            f"FROM {named.rows}"
        )
        usual = f"SELECT *, mode(value) OVER (PARTITION BY place) AS usual FROM ({listed})"
        query = (
            "SELECT place, any_value(usual), count(*), count(*) FILTER (value = usual) "
            f"FROM ({usual}) WHERE value IS NOT NULL GROUP BY 1"
        )
        found = {place: name for place, name, rows, alike in _all(sample, query) if alike >= rows * _MOSTLY}
    else:
        means = ", ".join(f"avg({sample.number(name, 'a.')})" for name in columns)
        query = f"SELECT {value}, [{means}] FROM {named.rows} WHERE {value} IS NOT NULL GROUP BY 1"
        known = _all(sample, query)
        found = {place: _highest(known, place) for place in range(len(columns)) if known}
    names = [found.get(place) for place in range(len(columns))]
    return [name for name in names if name is not None] if len({*names} - {None}) == len(columns) else []


def _highest(means: Sequence[tuple[str, Sequence[float]]], place: int) -> str:
    """The name of the highest mean at a place."""
    return max(means, key=lambda named: named[1][place])[0]


def _all(sample: Sample, query: str) -> list[Any]:
    return sample.connection.execute(query).fetchall()

"""Scores of classes: which column of the log has whose, and how one of a list or a struct has them all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import Derived
from obs_dagster.tasks.multiclass.table import TINY


def classes_of(monitor: Monitor) -> tuple[str, ...]:
    """The declared classes, in the order in which ties are broken."""
    scores = monitor.logs.columns.scores
    if monitor.multiclass.classes or not isinstance(scores, dict):
        return monitor.multiclass.classes
    return tuple(scores)


def score_columns(monitor: Monitor) -> dict[str, str]:
    """The numeric column of each class's score, in the order of the classes; empty where there are none.

    Those of a list or a struct are named after it: the score of `late` in `scores` is `scores[late]`.
    """
    scores = monitor.logs.columns.scores
    if scores is None:
        return {}
    if isinstance(scores, dict):
        return {name: scores[name] for name in classes_of(monitor)}
    return {name: f"{scores}[{name}]" for name in classes_of(monitor)}


def slack(monitor: Monitor) -> float:
    """How far the sum of a row's scores may be from 1, with what rounding does to it."""
    return monitor.multiclass.tolerance + TINY * len(classes_of(monitor))


def unpacked(monitor: Monitor) -> dict[str, Derived | None]:
    """By class, how its score is made of the one column that holds all of them; None if it has its own.

    A list has the scores in the order of the classes, a struct, a map or an object by their names. The score
    is null where a list has another length than there are classes, where a class is missing, and where a
    value is no number.
    """
    scores, classes = monitor.logs.columns.scores, classes_of(monitor)
    if not isinstance(scores, str):
        return dict.fromkeys(score_columns(monitor))
    return {name: Derived(_from_json("{0}", place, classes), (scores,)) for place, name in enumerate(classes)}


def highest(monitor: Monitor) -> Derived:
    """How the predicted class is made of the scores: the first with the highest one.

    It is null where a score is.
    """
    scores, classes = monitor.logs.columns.scores, classes_of(monitor)
    if isinstance(scores, str):
        needs: tuple[str, ...] = (scores,)
        parts = [_from_json("{0}", place, classes) for place in range(len(classes))]
    else:
        needs = tuple(score_columns(monitor).values())
        parts = [f"{{{place}}}" for place in range(len(classes))]
    listed = f"[{', '.join(parts)}]"
    names = f"[{', '.join(_verbatim(name) for name in classes)}]"
    first = f"list_position({listed}, list_max({listed}))"
    sql = f"CASE WHEN list_count({listed}) = {len(classes)} THEN {names}[{first}] END"
    # a database may know no JSON, and has scores that are columns of their own
    return Derived(sql, needs, None if isinstance(scores, str) else partial(_first_highest, classes))


def _first_highest(classes: Sequence[str], *scores: Any) -> Any:
    """The first class with the highest of some scores, as an expression of Ibis; null where one is null."""
    import ibis

    cases = []
    for name, own in zip(classes, scores, strict=True):
        holds = ibis.literal(value=True)
        for other in scores:
            # of a null nothing holds, and NaN is the highest in databases
            holds &= own >= other
        cases.append((holds, ibis.literal(name)))
    return ibis.cases(*cases, else_=ibis.null("string"))


def _from_json(json: str, place: int, classes: Sequence[str]) -> str:
    """SQL for the score of the class at a place of the list, or by its name."""
    pointer = "/" + classes[place].replace("~", "~0").replace("/", "~1")
    return (
        f"TRY_CAST(CASE json_type({json}) "
        f"WHEN 'OBJECT' THEN json_extract_string({json}, {_verbatim(pointer)}) "
        f"WHEN 'ARRAY' THEN CASE WHEN json_array_length({json}) = {len(classes)} "
        f"THEN json_extract_string({json}, '/{place}') END END AS DOUBLE)"
    )


def _verbatim(text: str) -> str:
    """A string as SQL in which braces stand for nothing."""
    return literal(text).replace("{", "{{").replace("}", "}}")

"""Evaluations that spans carry, whoever made them: SQL for what was judged, and how.

Each is a name and a score, or a label; see the conventions for where they stand.
"""

from __future__ import annotations

import re

from obs_dagster.lake.quoting import literal
from obs_dagster.spans.convention import CONVENTIONS, Convention

SCORES = 'STRUCT("name" VARCHAR, score VARCHAR, label VARCHAR, whole BOOLEAN)[]'
"""Evaluations of a span: a name, a score and a label as they are written; whole: of the trace, not of it."""

_GOOD = ("true", "yes", "pass", "passed", "correct")
_BAD = ("false", "no", "fail", "failed", "incorrect")


def value(score: str, label: str) -> str:
    """SQL for an evaluation as a number: the score, else 1 or 0 of a label that says yes or no; else null."""
    cases = " ".join(
        f"WHEN lower(trim({text}, '\" ')) IN ({', '.join(map(literal, words))}) THEN {number}"
        for text in (score, label)
        for words, number in ((_GOOD, 1.0), (_BAD, 0.0))
    )
    number = f"TRY_CAST(trim({score}, '\"') AS DOUBLE)"
    return f"coalesce(CASE WHEN isfinite({number}) THEN {number} END, CASE {cases} END)"


def of_pairs(keys: str, at: str) -> str:
    """SQL for the evaluations among attributes whose names are flat, `evaluations.0.evaluation.name`.

    Args:
        keys: SQL for the names of the attributes, a list of texts.
        at: SQL for the value of the attribute whose name is in the place of `{0}`, as a text.
    """
    names = "|".join(f"{re.escape(path)}[.][0-9]+[.]{re.escape(field)}[.]name" for path, field in listed())
    which = f"list_filter({keys}, lambda k: regexp_full_match(k, {literal(names)}))"
    name, score, label = (
        at.format(f"regexp_replace(k, 'name$', {literal(each)})") for each in ("name", "score", "label")
    )
    return _made(which, "k", (name, score, label, "starts_with(k, 'trace.')"))


def of_json(attributes: str) -> str:
    """SQL for the evaluations of attributes that are an object of JSON, with flat or with nested names."""
    keys = f"coalesce(json_keys({attributes}), [])"
    flat = of_pairs(keys, f"json_extract_string({attributes}, '$.\"' || {{0}} || '\"')")
    lists = []
    for path, field in listed():
        nested = "".join(f'."{part}"' for part in path.split("."))
        lists.append(of_list(f"json_extract({attributes}, {literal(f'${nested}')})", path, field))
    return f"list_concat({', '.join([flat, *lists])})"


def of_list(found: str, path: str, field: str) -> str:
    """SQL for the evaluations of a list of JSON, each in a field of its own.

    Args:
        found: SQL for the list.
        path: the attribute that it is.
        field: the field.
    """
    which = f"coalesce(CAST(json_extract({found}, {literal(f'$[*].{field}')}) AS JSON[]), [])"
    name, score, label = (f"json_extract_string(k, '$.{each}')" for each in ("name", "score", "label"))
    return _made(which, "k", (name, score, label, str(path.startswith("trace."))))


def of_events(events: str, name: str, at: str) -> str:
    """SQL for the evaluations among the events of a span.

    Args:
        events: SQL for the events, a list.
        name: SQL for the name of the event `e`.
        at: SQL for the value of an attribute of `e` whose name is in the place of `{0}`, as a text.
    """
    found = []
    for convention in _conventions():
        if event := convention.scored_event:
            which = f"list_filter(coalesce({events}, []), lambda e: {name} = {literal(event.event)})"
            texts = (at.format(literal(each)) for each in (event.name, event.score, event.label))
            name_of, score, label = texts
            found.append(_made(which, "e", (name_of, score, label, "false")))
    return f"list_concat({', '.join(['CAST([] AS ' + SCORES + ')', *found])})"


def _made(which: str, each: str, parts: tuple[str, str, str, str]) -> str:
    name, score, label, whole = parts
    made = f"{{'name': {name}, 'score': {score}, 'label': {label}, 'whole': {whole}}}"
    return f"CAST(list_transform({which}, lambda {each}: {made}) AS {SCORES})"


def listed() -> list[tuple[str, str]]:
    """The lists of evaluations that conventions know, and the field of each entry."""
    return [each for convention in _conventions() for each in convention.scored]


def _conventions() -> list[Convention]:
    return list(CONVENTIONS.all().values())

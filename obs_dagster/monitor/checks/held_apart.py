"""Attributes of people that are held apart from the log: what is read, and matched with what."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import attributes, features, held_apart, mapped, roles
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem, quoted
from obs_dagster.monitor.source import SOURCES

_AT = ("fairness", "held_apart")


def attributes_apart_are_no_columns_of_the_log(document: Document, _: Surroundings) -> Iterator[Problem]:
    """What is `held_apart` is no column of the log, is named once, and tells groups apart."""
    used = {name for _, cut in attributes(document) for name in cut}
    taken = {*(features(document) or ()), *(column for _, column in mapped(document, "logs"))}
    key, seen = document.text(*_AT, "key"), set()
    for index, name in held_apart(document):
        keys = (*_AT, "columns", index)
        if name in taken:
            message = f"{quoted(name)} is a column of the log, where it stands beside ids; leave one out."
            yield document.problem(keys, message)
        elif name == key:
            yield document.problem(keys, f"{quoted(name)} says whose the attributes are; it is none.")
        elif name in seen:
            yield document.problem(keys, f"{quoted(name)} is named twice.")
        elif name not in used:
            message = f"{quoted(name)} is in none of fairness.attributes, so nobody needs it."
            yield document.problem(keys, message)
        seen.add(name)


def attributes_apart_can_be_matched(document: Document, _: Surroundings) -> Iterator[Problem]:
    """What is `held_apart` is in files, and matched with a declared column of rows that are here."""
    if document.mapping(*_AT) is None:
        return
    name = document.text(*_AT, "source") or ""
    source = SOURCES.all().get(name)
    if source is not None and not source.of_files:
        files = [each for each, of in SOURCES.all().items() if of.of_files]
        message = f"Attributes that are held apart are in files, and `{name}` is none."
        yield document.problem((*_AT, "source"), message, legal=files)
    elsewhere = "warehouse" in (document.value("engine"), document.text("engine", "kind"))
    if elsewhere or document.mapping("federation", "sites"):
        where = "stay in the warehouse" if elsewhere else "are at sites"
        message = f"Rows {where}, so nothing can be joined with them here: join it there, as a feature."
        yield document.problem(_AT, message, at_key=True)
    match = document.text(*_AT, "match")
    in_log = roles(document, "logs")
    if match is None:
        if document.mapping("logs", "columns") is not None and "prediction_id" not in in_log:
            message = "Rows have no id of their own: name the column of the log that `key` is matched with."
            yield document.problem((*_AT, "match"), message)
        return
    declared = [*in_log.values(), *(features(document) or ())]
    keyed = document.value("labels", "columns", "keys")
    declared += keyed.values() if isinstance(keyed, dict) else keyed if isinstance(keyed, list) else []
    if match not in declared:
        message = f"{quoted(match)} is no column of the log that the monitor declares."
        yield document.problem((*_AT, "match"), message, legal=[str(each) for each in declared], near=match)

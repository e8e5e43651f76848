"""What a monitor file cannot ask for where rows stay in the warehouse."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.checks.outline import features
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Keys, Problem, quoted
from obs_dagster.monitor.source import source_in
from obs_dagster.sources.protocol import CountsInPlace

_WITH = "With `engine: warehouse`"


def problems(document: Document) -> Iterator[Problem]:
    """Log and labels are tables of one warehouse; what needs rows is left out."""
    yield from _tables(document)
    yield from _rows(document)
    for name in features(document) or ():
        if document.value("features", name, "pii"):
            message = (
                f"{_WITH} no value of {quoted(name)} is kept, and pseudonyms cannot be counted in its place; "
                "leave out the feature, or have a view give pseudonyms."
            )
            yield document.problem(("features", name, "pii"), message)
    if document.items("logs", "pii"):
        message = f"{_WITH} no id is kept, so none has to be marked."
        yield document.problem(("logs", "pii"), message, at_key=True)


def _tables(document: Document) -> Iterator[Problem]:
    log: object = source_in(document, "logs")
    if log is not None and not isinstance(log, CountsInPlace):
        message = f"{_WITH} the log is a table: write `source: ibis`, `path` and `table`."
        yield document.problem(("logs", "source"), message)
    if document.mapping("labels") is None:
        return
    if not (document.text("labels", "source") or document.text("labels", "path")):
        # a column of the log itself
        return
    labels: object = source_in(document, "labels")
    if not isinstance(labels, CountsInPlace):
        message = (
            f"{_WITH} labels are a table of the same warehouse: write `source: ibis`, `path` and `table`."
        )
        yield document.problem(("labels",), message, at_key=True)
        return
    if document.text("labels", "path") != document.text("logs", "path"):
        message = f"{_WITH} labels are joined there: `path` is that of `logs`."
        yield document.problem(("labels", "path"), message)


def _rows(document: Document) -> Iterator[Problem]:
    keys: list[tuple[Keys, object, str]] = [
        (
            ("identity",),
            "global",
            (
                "ids are told apart within a day, for a night would look for its ids in the whole table; "
                "write `version` or `day`, or have a view leave out the later rows of an id"
            ),
        ),
        (("task",), "ranking", "the places of items within requests cannot be counted as sums over rows"),
    ]
    if document.mapping("logs", "columns") is not None and not document.text(
        "logs", "columns", "prediction_id"
    ):
        message = f"{_WITH} rows have an id of their own; name its column in `prediction_id`."
        yield document.problem(("logs", "columns"), message, at_key=True)
    for place, value, told in keys:
        if document.value(*place) == value:
            yield document.problem(place, f"{_WITH} {told}.")
    absent: list[tuple[Keys, str]] = [
        (("quality", "suite"), "a team's own suite cannot be counted, only the contract of the features"),
        (("logs", "times", "zone"), "times without a zone are UTC; have a view give others one"),
        (("federation", "sites"), "rows are at no site"),
    ]
    for place, told in absent:
        if document.value(*place):
            yield document.problem(place, f"{_WITH} {told}.", at_key=True)
    if document.text("logs", "columns", "scores"):
        message = (
            f"{_WITH} each class has a column of its own for its score: name them in `scores` by class, or "
            "have a view take apart the one that holds all."
        )
        yield document.problem(("logs", "columns", "scores"), message)

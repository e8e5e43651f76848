"""Files of a log: what their path says, and what it leaves to the rows."""

from __future__ import annotations

from collections.abc import Iterator
from encodings import aliases

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.monitor.data import Labels, LogColumns
from obs_dagster.monitor.day_form import Period, period
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem, nearest, quoted
from obs_dagster.monitor.source import SECTIONS, SOURCES, source_in

#: The column of a version that is in no column of the log.
_MADE_VERSION = str(LogColumns.model_fields["version"].default)


def files_of_many_days_are_read_by_time(document: Document, _: Surroundings) -> Iterator[Problem]:
    """Where `logs.path` names no day, rows go to theirs by time: no `day_of: path`, no `in_place`."""
    path, source = document.text("logs", "path"), source_in(document, "logs")
    if path is None or source is None or not source.of_files or period(path) is Period.DAY:
        return
    if document.value("logs", "day_of") == "path":
        message = "The path names no day, so a row's day is known by its time alone; leave this out."
        yield document.problem(("logs", "day_of"), message)
    if document.value("logs", "in_place") is True:
        message = "Files with rows of many days are divided by day, so they are not read in place."
        yield document.problem(("logs", "in_place"), message)


def versions_are_known(document: Document, _: Surroundings) -> Iterator[Problem]:
    """The version of a row is known from one place: a column, a folder, `{version}` or `logs.version`."""
    columns, path = document.mapping("logs", "columns"), document.text("logs", "path")
    if columns is None or path is None:
        return
    constant, in_path = document.value("logs", "version") is not None, "{version}" in path
    if constant and in_path:
        message = "The path has `{version}`, which says the version of each file; leave this out."
        yield document.problem(("logs", "version"), message)
    if columns.get("version") not in (None, _MADE_VERSION) and constant:
        message = "`logs.columns.version` names the column of the version; leave this out, or the column."
        yield document.problem(("logs", "version"), message)
    named = columns.get("version") is not None
    if not named and not constant and not in_path and "version=" not in path:
        message = (
            "The key `version` is missing: name the column, or say `logs.version: …` for all rows, or "
            "`{version}` in logs.path."
        )
        yield document.problem(("logs", "columns"), message, at_key=True)
    if not named and _MADE_VERSION in (document.mapping("features") or {}):
        message = "A column of this name has the version of the model; name another in logs.columns.version."
        yield document.problem(("features", _MADE_VERSION), message, at_key=True)


def labels_find_their_prediction(document: Document, _: Surroundings) -> Iterator[Problem]:
    """Labels name the prediction that they belong to, unless they are in the log itself."""
    labels, columns = document.mapping("labels"), document.mapping("labels", "columns")
    if labels is None:
        return
    given = [key for key in ("source", "path") if labels.get(key)]
    # of a misspelled key another check tells
    if len(given) == 1 and set(labels) <= set(Labels.model_fields):
        lacking = "path" if given == ["source"] else "source"
        message = f"The key `{lacking}` is missing; without `source` and `path` labels are in the log itself."
        yield document.problem(("labels",), message, at_key=True)
    keyed = columns is not None and columns.get("keys") is not None
    if given and columns is not None and not columns.get("prediction_id") and not keyed:
        message = "The key `prediction_id` is missing; expected text, or `keys`: other columns together."
        yield document.problem(("labels", "columns"), message, at_key=True)
    if columns is not None and keyed and (columns.get("prediction_id") or not given):
        message = "Labels are found by their `prediction_id`, or in the log itself; leave this out."
        yield document.problem(("labels", "columns", "keys"), message, at_key=True)
    has_ids = "prediction_id" in (document.mapping("logs", "columns") or {"prediction_id": ""})
    if given and columns is not None and not has_ids and columns.get("prediction_id"):
        message = "The log has no ids (`logs.columns.prediction_id`) that these could be."
        yield document.problem(("labels", "columns", "prediction_id"), message)


def ids_are_there(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`identity` is about ids that the log has."""
    columns = document.mapping("logs", "columns")
    if document.value("identity") is not None and columns is not None and not columns.get("prediction_id"):
        message = "The log has no ids (`logs.columns.prediction_id`) that this could be about; leave it out."
        yield document.problem(("identity",), message, at_key=True)
    label_id = document.text("labels", "columns", "prediction_id")
    elsewhere = document.text("labels", "path") or document.text("labels", "source")
    if document.value("identity") == "day" and elsewhere and label_id:
        message = (
            "With `identity: day` an id is another prediction on each day, so a label has to say the day: "
            f"write `keys: {{{label_id}: {(columns or {}).get('prediction_id')}, date: '{{day}}'}}`, with "
            "the labels' column of the day."
        )
        yield document.problem(("labels", "columns", "prediction_id"), message)


def dialects_are_sound(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`csv` is about CSV files alone, in an encoding that there is, whose characters mean one thing each."""
    for section in (*SECTIONS, "baseline"):
        dialect = document.mapping(section, "csv")
        if dialect is None:
            continue
        kind = SOURCES.all().get(document.text(section, "source") or "")
        if kind is not None and not getattr(kind, "has_dialects", False):
            message = "This is about CSV files, and these are others; leave it out."
            yield document.problem((section, "csv"), message, at_key=True)
        encoding = document.text(section, "csv", "encoding")
        if encoding is not None and not _is_encoding(encoding):
            message = f"{quoted(encoding)} is not an encoding of texts."
            meant = nearest(encoding, sorted(set(aliases.aliases.values())))
            yield document.problem((section, "csv", "encoding"), message, meant=meant)
        defaults = {key: field.default for key, field in CsvDialect.model_fields.items()}
        told = {
            key: dialect.get(key, defaults[key]) for key in ("delimiter", "quote", "decimal", "thousands")
        }
        for one, other in (("delimiter", "quote"), ("decimal", "thousands")):
            if told[one] is not None and told[one] == told[other]:
                key = one if one in dialect else other
                message = f"`{one}` and `{other}` are both {quoted(str(told[one]))}, so neither can be told."
                yield document.problem((section, "csv", key), message)


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except LookupError:
        # a codec that makes other bytes of bytes is one, too
        return False
    return True

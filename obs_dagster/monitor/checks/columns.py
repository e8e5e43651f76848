"""Columns: every role and every feature is a column of its own."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import features, mapped, roles
from obs_dagster.monitor.data import MADE_ID
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Keys, Problem, dotted, quoted

RESERVED = "_obs_"
"""Columns that the evaluation adds begin with this."""


def roles_have_their_own_column(document: Document, _: Surroundings) -> Iterator[Problem]:
    """Two roles of `logs.columns` or of `labels.columns` cannot be one column, but for an interval's ends.

    These may be quantiles that the model puts out.
    """
    for part in ("logs", "labels"):
        taken: dict[str, Keys] = {}
        for keys, column in mapped(document, part):
            other = taken.setdefault(column, keys)
            if other != keys and {other[2], keys[2]} != {"interval", "quantiles"}:
                message = f"The column {quoted(column)} already plays the role `{dotted(other[2:])}`."
                yield document.problem(keys, message)


def features_are_not_roles(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A feature cannot be a column that plays a role; neither can the label be a column of the log."""
    taken = {column: dotted(keys[2:]) for keys, column in mapped(document, "logs")}
    label = roles(document, "labels").get("label")
    if label in taken:
        message = f"The column {quoted(label)} already plays the role `{taken[label]}` in the log."
        yield document.problem(("labels", "columns", "label"), message)
    elif label is not None:
        taken[label] = "label"
    for name in features(document) or ():
        if name in taken:
            message = f"The column {quoted(name)} plays the role `{taken[name]}`, so it is not a feature."
            yield document.problem(("features", name), message, at_key=True)


def names_differ_by_more_than_case(document: Document, _: Surroundings) -> Iterator[Problem]:
    """Columns are told apart by more than upper and lower case; a derived decision is named `prediction`."""
    log = roles(document, "logs")
    named: dict[str, list[tuple[Keys, str, bool]]] = {
        part: [(keys, column, False) for keys, column in mapped(document, part)]
        for part in ("logs", "labels")
    }
    named["logs"] += [(("features", name), name, True) for name in features(document) or ()]
    for part, columns in named.items():
        # a decision that the log has no column for is derived, as a column of this name
        derived = part == "logs" and "prediction" not in log
        taken = {"prediction": "prediction"} if derived else {}
        for keys, name, at_key in columns:
            other = taken.setdefault(name.lower(), name)
            if derived and name.lower() == "prediction":
                message = (
                    f"The decision that is derived from the score is a column named `prediction`; "
                    f"name {quoted(name)} in logs.columns.prediction, or rename it."
                )
                yield document.problem(keys, message, at_key=at_key)
            elif other != name:
                message = f"{quoted(name)} and {quoted(other)} differ by case alone, which SQL takes for one."
                yield document.problem(keys, f"{message} Rename one of them in the log.", at_key=at_key)


def names_are_usable(document: Document, _: Surroundings) -> Iterator[Problem]:
    """Column names are not empty nor `*`, have no NUL character, and do not begin with `_obs_`."""
    named: list[tuple[Keys, str, bool]] = [
        (("features", name), name, True) for name in features(document) or ()
    ]
    for part in ("logs", "labels"):
        named += [(keys, column, False) for keys, column in mapped(document, part)]
    for keys, name, at_key in named:
        if not name and keys == ("labels", "columns", "prediction_id"):
            # that it is missing is said where labels find their prediction
            continue
        if not name:
            yield document.problem(keys, "The name of the column is empty.", at_key=at_key)
        elif "\0" in name:
            message = "A column's name cannot have a NUL character, which no SQL can write; rename it."
            yield document.problem(keys, message, at_key=at_key)
        elif name == "*":
            message = "`*` stands for all columns in queries and in rules; rename the column."
            yield document.problem(keys, message, at_key=at_key)
        elif name.lower().startswith(RESERVED) and (name, keys[-1]) != (MADE_ID, "prediction_id"):
            message = f"Names that begin with `{RESERVED}` are reserved; rename the column."
            yield document.problem(keys, message, at_key=at_key)

"""In which type a fitted scikit-learn estimator expects each of its inputs: what it learned says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from obs_dagster.explain.column_origins import chosen_columns, column_origins
from obs_dagster.explain.encoding import EncodingError, numbers
from obs_dagster.explain.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pandas as pd

Kind = Vocabulary | Literal["number", "text", "boolean", "moment"]
"""The values of a category, or the type of any other input."""

_OPEN = ("ColumnTransformer", "FunctionTransformer")
"""What takes anything."""


def input_kinds(estimator: Any, inputs: Sequence[str]) -> dict[str, Kind]:
    """The kind of each input that the estimator says something about.

    Encoders keep the categories that they were fitted on, in their types, and imputers what they fill in;
    whatever else of scikit-learn computes with numbers. An input of two steps is what the one says that knows
    its values. Code that a team wrote says nothing.

    Args:
        estimator: a fitted transformer, pipeline or classifier.
        inputs: the names of its inputs, in its order.
    """
    found: dict[str, Kind] = {}
    for name, kind in _said(estimator, list(inputs)):
        if name not in found or (isinstance(kind, Vocabulary) and not isinstance(found[name], Vocabulary)):
            found[name] = kind
    return found


def typed(rows: pd.DataFrame, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """The rows with the values of each column as its kind has them, as far as they have such a form."""
    columns = {name: _typed(rows[name], kinds.get(name)) for name in rows.columns}
    return rows.assign(**columns)


def _typed(column: pd.Series[Any], kind: Kind | None) -> pd.Series[Any]:
    import pandas as pd

    if isinstance(kind, Vocabulary):
        return kind.typed(column)
    if kind in ("text", "boolean", "moment"):
        return _CONVERTED[kind](column)
    if kind == "number" or column.isna().all():
        # a column without any value does not say what it is
        try:
            return pd.Series(numbers(column), index=column.index, name=column.name)
        except EncodingError:
            return column  # the model refuses these rows itself, and in its own words
    return column


def _text(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.astype(object).map(str, na_action="ignore").astype(object)


def _boolean(column: pd.Series[Any]) -> pd.Series[Any]:
    return Vocabulary([False, True]).typed(column)


def _moment(column: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    return pd.Series(pd.to_datetime(column, errors="coerce"), index=column.index, name=column.name)


_CONVERTED = {"text": _text, "boolean": _boolean, "moment": _moment}


def _said(estimator: Any, inputs: list[str]) -> Iterator[tuple[str, Kind]]:
    """What the parts of an estimator say about inputs, one part after the other."""
    if hasattr(estimator, "steps"):
        yield from _by_steps([step for _, step in estimator.steps], inputs)
    elif parts := list(_parts(estimator, inputs)):
        for part, names in parts:
            yield from _said(part, names)
    else:
        yield from _itself(estimator, inputs)


def _itself(estimator: Any, inputs: list[str]) -> Iterator[tuple[str, Kind]]:
    """What an estimator without parts has learned about its inputs."""
    if hasattr(estimator, "categories_"):
        yield from zip(inputs, map(Vocabulary, estimator.categories_), strict=False)
    elif hasattr(estimator, "statistics_"):
        for name, learned in zip(inputs, estimator.statistics_, strict=False):
            yield name, "text" if isinstance(learned, str) else "number"
    elif type(estimator).__module__.startswith("sklearn.") and type(estimator).__name__ not in _OPEN:
        yield from ((name, "number") for name in inputs)


def _by_steps(steps: Sequence[Any], inputs: list[str]) -> Iterator[tuple[str, Kind]]:
    """What each step says of the inputs, as long as its own inputs are known to be made of these."""
    names, as_they_are = inputs, True
    for step in steps:
        if step is None or step == "passthrough":
            continue
        yield from (said for said in _said(step, names) if as_they_are or said[1] == "number")
        origins = column_origins(step, names)
        if origins is None:
            return
        # of several columns that an encoder made of one, none has its categories
        as_they_are = as_they_are and len(set(origins.tolist())) == len(origins)
        names = [names[position] for position in origins]


def _parts(estimator: Any, inputs: list[str]) -> Iterator[tuple[Any, list[str]]]:
    """The fitted parts that an estimator hands inputs to as they are, each with those that it gets."""
    if hasattr(estimator, "transformers_"):
        for _, block, columns in estimator.transformers_:
            chosen = chosen_columns(columns, inputs)
            if chosen is not None:
                yield block, chosen
    elif hasattr(estimator, "transformer_list"):
        yield from ((part, inputs) for _, part in estimator.transformer_list)
    elif hasattr(estimator, "best_estimator_"):
        yield estimator.best_estimator_, inputs
    elif hasattr(estimator, "calibrated_classifiers_"):
        yield from ((each.estimator, inputs) for each in estimator.calibrated_classifiers_)
    elif type(estimator).__name__ in ("VotingClassifier", "StackingClassifier"):
        yield from ((each, inputs) for each in estimator.estimators_)
    elif getattr(estimator, "_preprocessor", None) is not None:
        # gradient boosting with categories of its own; what is none of them is a number
        yield estimator._preprocessor, inputs  # noqa: SLF001 - nothing else holds its categories

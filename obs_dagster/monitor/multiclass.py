"""Options of models that choose one of several classes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from obs_dagster.monitor.contract import Strict

#: The most classes that a model may have; the confusion table grows with their square.
MOST_CLASSES = 100
#: What a class outside the declared ones is counted as.
OTHER_CLASS = "(other)"


def class_name(value: object) -> object:
    """A class as text: numbers and truth values as the log writes them.

    >>> class_name(3), class_name(True), class_name("late"), class_name(2.0)
    ('3', 'true', 'late', '2')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


#: The name of a class; numbers and truth values are taken as their text.
ClassName = Annotated[str, BeforeValidator(class_name), Field(min_length=1, max_length=200)]


class Multiclass(Strict):
    """How a model that chooses one of several classes is judged."""

    classes: tuple[ClassName, ...] = Field(
        default=(),
        max_length=MOST_CLASSES,
        description="The classes in the order of the scores, as the labels name them. Needed unless "
        "`logs.columns.scores` names a column for each class. Labels of no class count as `(other)`.",
    )
    tolerance: float = Field(
        default=1e-3,
        ge=0,
        le=1,
        description="How far the sum of a row's scores may be from 1; a row whose sum is further off breaks "
        "the contract. Scores are never scaled to sum to 1.",
    )

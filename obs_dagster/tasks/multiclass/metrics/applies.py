"""Which metrics suit an input: one of all classes, or of one."""

from __future__ import annotations

from typing import Any

from obs_dagster.tasks.multiclass.counts import ClassOutcomes, OneClass

#: The task, as definitions name it.
TASKS = ("multiclass_classification",)
LABELS = ("labels",)
SCORES = ("labels", "logs.columns.scores")


def to_all(given: Any) -> bool:
    """Whether the input is of all classes."""
    return isinstance(given, ClassOutcomes)


def to_scored(given: Any) -> bool:
    """Whether the input is of all classes of a model with scores."""
    return isinstance(given, ClassOutcomes) and given.with_scores


def to_one(given: Any) -> bool:
    """Whether the input is of one class."""
    return isinstance(given, OneClass)


def to_scored_one(given: Any) -> bool:
    """Whether the input is of one class of a model with scores."""
    return isinstance(given, OneClass) and given.outcomes.with_scores

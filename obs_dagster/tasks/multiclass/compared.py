"""By what versions of a classifier of several classes are compared: the share of rows that are right.

Averages over classes are no sum by a sum, and have no value on days that lack a class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np

from obs_dagster.lake.columns import DAY, LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import prediction_column
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.comparison import Comparison, share
from obs_dagster.tasks.multiclass.scores import classes_of
from obs_dagster.tasks.outcomes import Cell, adds

COMPARED: Mapping[str, Comparison] = {"accuracy": share((1, 0), (1, 1))}
"""Of labelled rows that are right, and that are wrong."""


def right_and_wrong(cell: Cell, classes: Sequence[str]) -> FloatArray:
    """Labelled rows that are right and that are wrong, shape (2,); of no declared class none is right."""
    pairs = zip(*(cell[name][cell["part"] == "pair"] for name in ("label", "class", "n")), strict=True)
    counts, known = np.zeros(2), frozenset(classes)
    for label, predicted, rows in pairs:
        if label is not None and predicted is not None:
            right = label == predicted and label in known
            counts[0 if right else 1] += rows
    return counts


def labelled_rows(rows: nw.LazyFrame[Any], monitor: Monitor) -> nw.LazyFrame[Any]:
    """Whether each row is right; null without a predicted class or a label."""
    roles, served = monitor.logs.columns, prediction_column(monitor)
    known = served in rows.collect_schema().names()
    predicted = (nw.col(served) if known else nw.lit(None)).cast(nw.String)
    label = nw.col(LABEL).cast(nw.String)
    both = ~predicted.is_null() & ~label.is_null()
    right = both & (predicted == label) & label.is_in(list(classes_of(monitor)))
    above, below = adds("accuracy")
    return rows.select(
        id=nw.col(roles.prediction_id).cast(nw.String),
        day=nw.col(DAY).cast(nw.String),
        version=nw.col(roles.version).cast(nw.String),
        **{
            above: nw.when(right).then(nw.lit(1.0)).when(both).then(nw.lit(0.0)),
            below: nw.when(both).then(nw.lit(1.0)),
        },
    )

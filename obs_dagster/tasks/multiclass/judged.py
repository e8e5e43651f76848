"""Labelled rows by predicted class, right and wrong: what a change of the accuracy is explained by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from obs_dagster.tasks.comparison import share
from obs_dagster.tasks.judged import Explains, Judged, Loss
from obs_dagster.tasks.multiclass.compared import COMPARED
from obs_dagster.tasks.outcomes import Cell

EXPLAINS = Explains(
    COMPARED,
    {
        "mix": "other rows came",
        "score": "other classes are predicted",
        "outcome": "other things came true",
    },
    {"": Loss(share((0, 1), (1, 1)), counts=True)},
)


def judged_rows(cell: Cell, classes: Sequence[str]) -> Judged:
    """Right and wrong rows by predicted class; what nobody declared is one more, of which none is right."""
    keys = {name: place for place, name in enumerate(classes)}
    numbers = np.zeros((len(classes) + 1, 2))
    pairs = zip(*(cell[name][cell["part"] == "pair"] for name in ("label", "class", "n")), strict=True)
    for label, predicted, rows in pairs:
        if label is not None and predicted is not None:
            right = label == predicted and label in keys
            numbers[keys.get(predicted, len(classes)), 0 if right else 1] += rows
    there = numbers.any(axis=1)
    return Judged(np.flatnonzero(there).astype(np.int64), numbers[there])

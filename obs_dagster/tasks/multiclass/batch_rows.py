"""What the rows of a batch count as: pairs of label and prediction, places of labels, bins of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.loops.kernels import Codes, Numbers
from obs_dagster.profile.loops.number_keys import keying
from obs_dagster.tasks.multiclass.table import PLACES, TENTHS, TINY

#: How many keys `tops` has.
TOP_KEYS = 2 * TENTHS * PLACES
_key_scores = keying(ScoreGrid())


@dataclass(frozen=True, slots=True)
class BatchRows:
    """The rows of a batch; codes are 0 for none, the places of the classes from 1 on, and then `(other)`.

    Attributes:
        pairs: the codes of label and predicted class of each row as one key, shape (rows,).
        scored: the places of the labelled rows with scores; what follows is about these, m of them.
        label: the code of the label, shape (m,).
        tops: hit, tenth of the highest score and place of the label as one key, shape (m,).
        sums: the highest score, the log loss and the Brier score and their squares (`outcomes.SUMS`), (5, m).
        scores: the score of each class, shape (classes, m); none if there are no scores.
        bins: the finest bin of each, likewise.
        served: the places of all rows with scores; what follows is about these, k of them.
        predicted: the code of the predicted class, shape (k,).
        known: whether the label is, likewise.
        served_bins: the finest bin of each class's score, shape (classes, k).
    """

    pairs: Codes
    scored: NDArray[np.intp]
    label: Codes
    tops: Codes
    sums: FloatArray
    scores: FloatArray
    bins: Codes
    served: NDArray[np.intp]
    predicted: Codes
    known: NDArray[np.bool_]
    served_bins: Codes

    @classmethod
    def of(
        cls, numbers: Sequence[Numbers], label: Codes, served: Codes | None, *, classes: int, tolerance: float
    ) -> Self:
        """The rows with these scores per class, or none, and the codes of labels and of served predictions.

        Scores that are not from 0 to 1, or whose sum is further from 1 than the tolerance, count as none.
        """
        rows, other = len(label), classes + 1
        scores = np.array([each.values for each in numbers]).reshape(len(numbers), rows)
        bins = np.array([_key_scores(each).keys for each in numbers], dtype=np.int32).reshape(scores.shape)
        sound = _sound(scores, bins, tolerance)
        first = np.zeros(rows, dtype=np.int32)
        if len(numbers):
            first[sound] = scores[:, sound].argmax(axis=0) + 1
        predicted = first if served is None else np.where(served > 0, served, first)
        scored = np.flatnonzero(sound & (label > 0))
        kept, truth = np.ascontiguousarray(scores[:, scored]), label[scored]
        own = _own(kept, truth, other)
        top = kept.max(axis=0, initial=0.0)
        hit = first[scored] == truth
        tenth = np.minimum((top * TENTHS).astype(np.int32), TENTHS - 1)
        tops = (hit * TENTHS + tenth) * PLACES + _place(kept, own, truth, other) - 1
        return cls(
            pairs=(label * (other + 1) + predicted).astype(np.int32),
            scored=scored,
            label=truth,
            tops=tops.astype(np.int32),
            sums=_sums(kept, own, top),
            scores=kept,
            bins=np.ascontiguousarray(bins[:, scored]),
            served=np.flatnonzero(sound),
            predicted=np.asarray(predicted)[sound],
            known=label[sound] > 0,
            served_bins=np.ascontiguousarray(bins[:, sound]),
        )


def _sound(scores: FloatArray, bins: Codes, tolerance: float) -> NDArray[np.bool_]:
    """Which rows have scores that keep the contract, shape (rows,)."""
    if not len(scores):
        return np.zeros(scores.shape[1], dtype=np.bool_)
    # rows without a finite score have a negative bin, and anything for a value
    within = ((bins >= 0) & (scores >= 0.0) & (scores <= 1.0)).all(axis=0)
    total = np.where(within, scores, 0.0).sum(axis=0)
    sound: NDArray[np.bool_] = within & (np.abs(total - 1.0) <= tolerance)
    return sound


def _own(scores: FloatArray, label: Codes, other: int) -> FloatArray:
    """The score of each row's label; `(other)` has the score 0."""
    own = np.zeros(len(label))
    declared = np.flatnonzero(label != other)
    own[declared] = scores[label[declared] - 1, declared]
    return own


def _place(scores: FloatArray, own: FloatArray, label: Codes, other: int) -> Codes:
    """The place of each label's score among all, from 1 on; of equal ones the later class comes first.

    So scikit-learn's `top_k_accuracy_score` has it.
    """
    before = np.zeros(len(label), dtype=np.int32)
    for number, score in enumerate(scores, 1):
        before += (score > own) | ((score == own) & (label < number))
    place: Codes = np.where(label == other, PLACES, np.minimum(before + 1, PLACES)).astype(np.int32)
    return place


def _sums(scores: FloatArray, own: FloatArray, top: FloatArray) -> FloatArray:
    loss = -np.log(np.clip(own, TINY, 1.0 - TINY))
    brier = np.einsum("cr,cr->r", scores, scores) - 2.0 * own + 1.0
    return np.array([top, loss, loss * loss, brier, brier * brier])

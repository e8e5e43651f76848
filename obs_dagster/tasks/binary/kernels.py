"""Loops over predictions and their labels."""

from __future__ import annotations

import math
from typing import NamedTuple

from obs_dagster.profile.distribution import FloatArray
from obs_dagster.profile.loops.compilation import compiled
from obs_dagster.profile.loops.kernels import SPECIAL, Codes, Numbers, missing
from obs_dagster.tasks.binary.counts import TINY

#: Keys of rows without a score: whether the decision was positive. Those of the bins follow.
SCORELESS = 2
#: Keys of a bin: twice whether the decision was positive, and whether the label is; then rows without a
#: label, by their decision.
WAYS, LABELLED = 6, 4
#: Sums are kept per tenth of the score, decision and label, which is what metrics ask for.
TENTHS = 10
SUMS = ("score_sum", "log_loss_sum", "log_loss_sq", "brier_sum", "brier_sq")


class Decisions(NamedTuple):
    """How rows were decided.

    Attributes:
        served: above 0 where the decision was positive; without rows if the log has no column of them.
        threshold: where there is none, the decision is the score against this.
    """

    served: Numbers
    threshold: float


class Scores(NamedTuple):
    """The scores of some rows.

    Attributes:
        values: anything where a row has none, shape (rows,).
        bins: on a `ScoreGrid`, as `score_keys` gives them, shape (rows,).
    """

    values: FloatArray
    bins: Codes


@compiled
def outcome_keys(
    scores: Scores, decisions: Decisions, labels: Numbers, joined_bits: int, keys: Codes
) -> None:
    """Write what every row counts as: its decision, the bin of its score and its label, where it has them.

    Args:
        scores: of the rows.
        decisions: of the rows.
        labels: above 0 where they are positive.
        joined_bits: binary digits of a bin's number that are left out where bins are joined.
        keys: is written, shape (2, rows): first with bins of their own, then with joined ones.
    """
    for row in range(len(scores.values)):
        known = scores.bins[row] > SPECIAL
        positive = known and scores.values[row] >= decisions.threshold
        if len(decisions.served.values) and missing(decisions.served, row) < 0:
            positive = decisions.served.values[row] > 0
        if not known:
            keys[0, row] = keys[1, row] = int(positive)
            continue
        way = LABELLED + int(positive)
        if missing(labels, row) < 0:
            way = 2 * int(positive) + int(labels.values[row] > 0)
        keys[0, row] = SCORELESS + WAYS * scores.bins[row] + way
        keys[1, row] = SCORELESS + WAYS * (scores.bins[row] >> joined_bits) + way


@compiled
def add_losses(keys: Codes, scores: FloatArray, cells: Codes, tenths: Codes, sums: FloatArray) -> None:
    """Add the losses of labelled rows.

    Args:
        keys: as `outcome_keys` gives them, shape (rows,).
        scores: shape (rows,).
        cells: the cell of each row.
        tenths: the tenth of [0, 1] that each bin lies in, shape (bins,).
        sums: are added to, shape (cells, 4 tenths, 5).
    """
    for row in range(len(keys)):
        key = keys[row] - SCORELESS
        if key < 0 or key % WAYS >= LABELLED:
            continue
        score, outcome = scores[row], key % WAYS
        certain = score if outcome & 1 else 1.0 - score
        loss = -math.log(min(max(certain, TINY), 1.0 - TINY))
        miss = (1.0 - certain) * (1.0 - certain)
        into = sums[cells[row], 4 * tenths[key // WAYS] + outcome]
        into[0] += score
        into[1] += loss
        into[2] += loss * loss
        into[3] += miss
        into[4] += miss * miss

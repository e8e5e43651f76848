"""By how much a model's loss grows when a feature is shuffled: permutation importance, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from obs_dagster.explain.explainable import ClassModel, ExplainableModel, FloatArray, Puts

if TYPE_CHECKING:
    import pandas as pd

_TINY = float(np.finfo(np.float64).eps)


def loss_growth(
    model: ExplainableModel | ClassModel, puts: Puts, rows: pd.DataFrame, truth: FloatArray, repeats: int
) -> FloatArray:
    """How much each row's loss grows without each feature, on average over shuffles of its values.

    Values are shuffled as `sklearn.inspection.permutation_importance` does it with `random_state=0`; its
    importances are the means over the rows.

    Args:
        model: the version.
        puts: what it puts out.
        rows: labelled rows with exactly its inputs, all of which it scores, shape (n, f).
        truth: of a score 1 for the positive class and 0 for the negative one; the number; of classes the
            place of the right one in the model's output; shape (n,).
        repeats: how often each feature is shuffled.

    Returns:
        Shape (n, f).
    """
    import pandas as pd

    before = row_loss(model.predict(rows), truth, puts)
    growth = np.zeros(rows.shape)
    # the stream of numbers is that of scikit-learn, which has the same one for every feature
    seed = np.random.RandomState(0).randint(np.iinfo(np.int32).max + 1)
    for at, name in enumerate(rows.columns):
        if len(rows[name].unique()) == 1:
            # one value can be shuffled as one likes
            continue
        draw = np.random.RandomState(seed)
        order, place = np.arange(len(rows)), np.arange(len(rows))
        places = []
        for _ in range(repeats):
            draw.shuffle(order)
            # what is shuffled already is shuffled again
            place = place[order]
            places.append(place)
        # one call for all: calls cost more than rows
        together = pd.concat([rows] * repeats, ignore_index=True)
        together[name] = rows[name].take(np.concatenate(places)).to_numpy()
        after = row_loss(model.predict(together.astype(rows.dtypes)), np.tile(truth, repeats), puts)
        growth[:, at] = after.reshape(repeats, len(rows)).mean(axis=0) - before
    return growth


def row_loss(output: FloatArray, truth: FloatArray, puts: Puts) -> FloatArray:
    """The loss of each row, shape (n,): -ln p of its label, or the absolute error of a number.

    Probabilities are kept from 0 and 1 by 2.2e-16, as in `sklearn.metrics.log_loss`.
    """
    if puts == "number":
        return np.asarray(np.abs(truth - output), dtype=np.float64)
    if puts == "classes":
        of_label = output[np.arange(len(output)), truth.astype(np.int64)] / output.sum(axis=1)
    else:
        of_label = np.where(truth > 0, output, 1 - output)
    return np.asarray(-np.log(np.clip(of_label, _TINY, 1 - _TINY)), dtype=np.float64)

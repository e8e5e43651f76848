"""What would have had to be different for another decision, with values that rows of the baseline have."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from obs_dagster.explain.explainable import FloatArray
from obs_dagster.explain.neighbours import plain

if TYPE_CHECKING:
    import pandas as pd

_TRIED = 5
"""Rows of the baseline with the other decision that are tried, the nearest first."""

Decide = Callable[[FloatArray], NDArray[np.int64]]
"""The decision that follows from scores, shape (n,) or (n, k); shape (n,)."""
Predict = Callable[["pd.DataFrame"], FloatArray]


@dataclass(frozen=True, slots=True)
class Change:
    """A feature that would have had another value.

    Attributes:
        feature: its name.
        value: what it has.
        other: what it would have.
    """

    feature: str
    value: object
    other: object


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The fewest changes found that lead to another decision.

    Attributes:
        changes: the features, the one that moves the score most first.
        score: what the model says of the changed row: of its new class, if it has several.
        decision: the new decision, as `Decide` gives it.
        name: what people call it.
        reason: why none was found; empty if one was.
    """

    changes: tuple[Change, ...] = ()
    score: float | None = None
    decision: int | None = None
    name: str = ""
    reason: str = ""


def counterfactual(
    predict: Predict,
    decide: Decide,
    row: pd.DataFrame,
    baseline: pd.DataFrame,
    distances: FloatArray,
    *,
    fixed: Collection[str] = (),
) -> Counterfactual:
    """Search a row that is like this one and is decided otherwise.

    Each value comes from one row of the baseline that is decided otherwise, so that the changed row keeps to
    the data's contract and lies near what there is. Its values are put in one after the other, each time the
    one that moves the score most, until the decision changes; those that were not needed are taken out again.
    Source: NICE, Brughmans, Leyman and Martens, Data Mining and Knowledge Discovery 38 (2024), 2665-2703,
    with the five nearest such rows instead of one.

    Args:
        predict: the model's scores of rows.
        decide: the decisions that follow from them.
        row: the row, with exactly the model's inputs, shape (1, f).
        baseline: rows with the same columns, which the model takes.
        distances: how far each of them is from the row, shape (n,).
        fixed: features that cannot be changed.
    """
    import pandas as pd

    before = predict(row)
    here = int(decide(before)[0])
    there = decide(predict(baseline))
    unlike = np.flatnonzero(there != here)
    if not len(unlike):
        return Counterfactual(reason="no row of the baseline is decided otherwise")
    found: list[Counterfactual] = []
    for place in unlike[np.argsort(distances[unlike], kind="stable")][:_TRIED]:
        pair = pd.concat([row, baseline.iloc[[place]]], ignore_index=True)
        changed = _search(predict, decide, pair, int(there[place]), fixed)
        if changed is not None:
            found.append(changed)
    if not found:
        kept = ", ".join(sorted(fixed))
        return Counterfactual(reason=f"the decision does not change while {kept} stays as it is")
    return min(found, key=lambda each: len(each.changes))


def _search(
    predict: Predict, decide: Decide, pair: pd.DataFrame, target: int, fixed: Collection[str]
) -> Counterfactual | None:
    """Mix the values of two rows until the decision is that of the second."""
    names = list(pair.columns)
    free = [at for at, name in enumerate(names) if name not in fixed and _differ(pair[name])]
    taken: list[int] = []

    def tried(masks: NDArray[np.bool_]) -> FloatArray:
        return predict(_mixed(pair, masks))

    while free:
        masks = np.zeros((len(free), len(names)), dtype=bool)
        masks[:, taken] = True
        masks[np.arange(len(free)), free] = True
        scores = tried(masks)
        best = int(np.argmax(_towards(scores, target)))
        taken.append(free.pop(best))
        if int(decide(scores[best : best + 1])[0]) == target:
            break
    else:
        return None
    for at in list(taken[:-1]):
        mask = np.zeros((1, len(names)), dtype=bool)
        mask[0, [each for each in taken if each != at]] = True
        if int(decide(tried(mask))[0]) == target:
            taken.remove(at)
    mask = np.zeros((1, len(names)), dtype=bool)
    mask[0, taken] = True
    score = tried(mask)[0]
    changes = tuple(
        Change(names[at], plain(pair[names[at]].iloc[0]), plain(pair[names[at]].iloc[1])) for at in taken
    )
    return Counterfactual(changes, float(score if np.ndim(score) == 0 else score[target]), target)


def _towards(scores: FloatArray, target: int) -> FloatArray:
    """How far scores speak for a decision: of a single score that it is positive (1) or not (0)."""
    if scores.ndim > 1:
        return scores[:, target]
    return scores if target else -scores


def _differ(column: pd.Series[Any]) -> bool:
    first, second = (plain(value) for value in column)
    return first != second


def _mixed(pair: pd.DataFrame, masks: NDArray[np.bool_]) -> pd.DataFrame:
    """Rows whose values are those of the second row where the mask says so, in the types of the pair."""
    import pandas as pd

    columns = {
        name: pair[name].iloc[masks[:, at].astype(int)].reset_index(drop=True)
        for at, name in enumerate(pair.columns)
    }
    return pd.DataFrame(columns)
